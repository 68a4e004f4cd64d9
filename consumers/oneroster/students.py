"""Which events a school's files mean for students and their parents."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from consumers.oneroster.known import Known
from consumers.oneroster.plan import InClass, Plan, Planned, because
from consumers.oneroster.school import Enrolment, Member, School, When
from conversations.services.roster import KnownStudent
from messaging.roster import (
    MAX_PARENTS,
    ParentEnrolledIntegrationEvent,
    ParentOfStudent,
    StudentClassChangedIntegrationEvent,
    StudentCreatedIntegrationEvent,
)

Classes = Mapping[str, Sequence[Enrolment]]
"""The enrolments of each student that may be the one in their class."""


class Found(msgspec.Struct, frozen=True):
    """What the roster knows of those whom the files name: students, and names of others by id."""

    students: Mapping[str, KnownStudent]
    names: Mapping[str, str]

    def student(self, student_id: str) -> KnownStudent:
        return self.students.get(student_id) or KnownStudent()


def plan_students(
    tenant_id: str,
    school: School,
    enrolments: tuple[Sequence[Enrolment], Sequence[Enrolment]],
    known: Known,
    made: Plan,
) -> None:
    current, other = enrolments
    classes = _classes(school, current)
    children = _children(school)
    found = _found(school, classes, children, known)
    moves = _moves(school, classes, other, found, made)
    for member in school.members.values():
        if member.role != "student":
            continue
        if len(own := classes.get(member.user_id, ())) > 1:
            _refuse_several(school, own[0], member)
            continue
        parents = _parents(member, school, children, found)
        if len(parents) > MAX_PARENTS:
            problem = f"{len(parents)} parents, allowed are {MAX_PARENTS}"
            school.refusals.of_cell(member.row, "agentSourcedIds", problem)
            continue
        class_id = moves.get(member.user_id)
        event = StudentCreatedIntegrationEvent(
            tenant_id=tenant_id,
            student_id=member.user_id,
            class_id=class_id,
            student_name=member.name,
            parents=parents,
        )
        made.events.append(Planned(class_id or member.user_id, event))
        made.students += 1
        made.without_parents += not (parents or found.student(member.user_id).parents)
    _plan_strangers(tenant_id, school, classes, moves, made)
    _plan_new_parents(tenant_id, school, children, found, made)


def _plan_strangers(
    tenant_id: str, school: School, classes: Classes, moves: Mapping[str, str], made: Plan
) -> None:
    """Students of a delta whom only the roster knows: what the files tell is their class."""
    for user_id, own in classes.items():
        if user_id in school.members:
            continue
        if len(own) > 1:
            _refuse_several(school, own[0])
        elif class_id := moves.get(user_id):
            moved = StudentClassChangedIntegrationEvent(
                tenant_id=tenant_id, student_id=user_id, class_id=class_id
            )
            made.events.append(Planned(class_id, moved))
            made.students += 1


def _plan_new_parents(
    tenant_id: str,
    school: School,
    children: Mapping[str, Sequence[str]],
    found: Found,
    made: Plan,
) -> None:
    """Of students whom only the roster knows; who is nobody's parent at all is told."""
    for student_id, parent_ids in children.items():
        if student_id in school.members or student_id in school.elsewhere:
            continue
        for parent in (school.members[user_id] for user_id in parent_ids):
            if student_id in found.students:
                enrolled = ParentEnrolledIntegrationEvent(
                    tenant_id=tenant_id,
                    student_id=student_id,
                    parent_id=parent.user_id,
                    parent_name=parent.name,
                    relationship=_relationship(parent),
                )
                made.events.append(Planned(student_id, enrolled))
            elif student_id not in school.deleted and parent.is_parent:
                problem = f"{student_id!r} is {school.nobody}"
                school.refusals.of_cell(parent.row, "agentSourcedIds", problem)


def _refuse_several(school: School, enrolment: Enrolment, member: Member | None = None) -> None:
    problem = f"{enrolment.user_id!r} is in several classes: exactly one may be a homeroom"
    row = member.row if member else enrolment.row
    school.refusals.of_cell(row, "classSourcedId", f"{problem} (classType of classes.csv)")


def _found(
    school: School, classes: Classes, children: Mapping[str, Sequence[str]], known: Known
) -> Found:
    """A bulk is asked for little: whose rows were refused, and who seems to have no parents."""
    students = {each.user_id for each in school.members.values() if each.role == "student"}
    if school.is_bulk:
        agents = {each.user_id for each in school.members.values() if each.agents}
        wanted = students - agents - children.keys()
        wanted |= {
            user_id
            for user_id, own in classes.items()
            if school.refusals.about(own[0].class_id, user_id)
        }
        return Found(known.students(wanted), {})
    named = {agent for user_id in students for agent in school.members[user_id].agents}
    strangers = named - school.members.keys() - school.deleted.keys() - school.elsewhere
    wanted = students | classes.keys() | (children.keys() - school.members.keys())
    return Found(known.students(wanted - school.deleted.keys()), known.names_of(strangers))


def _classes(school: School, current: Iterable[Enrolment]) -> Classes:
    """Of several classes the homeroom, or all of them if that is not exactly one."""
    found: dict[str, dict[str, Enrolment]] = {}
    for each in current:
        if each.role == "student":
            found.setdefault(each.user_id, {})[each.class_id] = each
    homerooms = {class_id for class_id, is_one in (school.classes or {}).items() if is_one}
    chosen = {}
    for user_id, own in found.items():
        home = [each for class_id, each in own.items() if class_id in homerooms]
        chosen[user_id] = home if len(home) == 1 else list(own.values())
    return chosen


def _moves(
    school: School, classes: Classes, other: Iterable[Enrolment], found: Found, made: Plan
) -> dict[str, str]:
    """The class that is told of each student. Nobody leaves a class for another while a row of
    theirs was refused, nor, in a delta, for one that is no homeroom while theirs goes on."""
    ended = {(each.class_id, each.user_id) for each in other if each.when is When.OVER}
    told = {}
    for user_id, own in classes.items():
        class_id, before = own[0].class_id, found.student(user_id)
        if len(own) > 1:
            continue
        if before.class_id is not None and before.class_id != class_id:
            if refusal := school.refusals.about(class_id, user_id):
                name = school.members[user_id].name if user_id in school.members else before.name
                stays = InClass(before.class_id, user_id, name, because(refusal))
                made.kept.append(stays)
                continue
            is_no_homeroom = (school.classes or {}).get(class_id) is False
            if not school.is_bulk and is_no_homeroom and (before.class_id, user_id) not in ended:
                continue
        told[user_id] = class_id
    return told


def _children(school: School) -> Mapping[str, list[str]]:
    """Those whose rows name a student, by student: OneRoster allows either direction."""
    found: dict[str, list[str]] = defaultdict(list)
    for member in school.members.values():
        for child in member.agents if member.role != "student" else ():
            found[child].append(member.user_id)
    return found


def _parents(
    student: Member, school: School, children: Mapping[str, Sequence[str]], found: Found
) -> list[ParentOfStudent]:
    """Whoever is related to a student, whatever else they are at the school; but no student."""
    parents = []
    for user_id in dict.fromkeys((*student.agents, *children.get(student.user_id, ()))):
        if (member := school.members.get(user_id)) is not None:
            if member.role == "student":
                problem = f"{user_id!r} is a student: nobody's parent"
                school.refusals.of_cell(student.row, "agentSourcedIds", problem)
            else:
                parents.append(ParentOfStudent(user_id, member.name, _relationship(member)))
        elif user_id in school.deleted or user_id in school.elsewhere:
            continue  # which is told
        elif user_id in found.names:
            if user_id not in found.student(student.user_id).parents:
                parents.append(ParentOfStudent(user_id, found.names[user_id]))
        else:
            problem = f"{user_id!r} is {school.nobody}"
            school.refusals.of_cell(student.row, "agentSourcedIds", problem)
    return parents


def _relationship(parent: Member) -> str | None:
    return "Guardian" if parent.role == "guardian" else None

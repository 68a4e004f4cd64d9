"""Which events a school's files mean: teachers first, so that groups are founded with them."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from consumers.oneroster.cells import PARENTS
from consumers.oneroster.files import Refusal, Row
from consumers.oneroster.school import Enrolment, Member, School
from messaging.roster import (
    MAX_PARENTS,
    ParentOfStudent,
    RosterEvent,
    StudentCreatedIntegrationEvent,
    TeacherAssignedIntegrationEvent,
    TeacherUnassignedIntegrationEvent,
)

Assigned = Callable[[str, Iterable[str]], set[tuple[str, str]]]
"""(class, teacher) of those whom an earlier import or the platform has assigned to the classes."""


class Planned(msgspec.Struct, frozen=True):
    """An event and its key: of one class all lie in one partition, in this order."""

    key: str
    event: RosterEvent


class Plan(msgspec.Struct):
    """What is to be published, what it is about, and what was refused."""

    events: list[Planned] = msgspec.field(default_factory=list)
    teachers: int = 0
    unassigned: int = 0
    students: int = 0
    without_parents: int = 0
    classes: int = 0
    left_out: int = 0
    refusals: list[Refusal] = msgspec.field(default_factory=list)


def plan(tenant_id: str, school: School, assigned: Assigned) -> Plan:
    made = Plan(refusals=list(school.refusals), left_out=school.left_out)
    current, over = _sorted_out(school, made)
    _plan_teachers(tenant_id, school, current, over, assigned, made)
    _plan_students(tenant_id, school, current, made)
    made.refusals.sort(key=lambda refusal: (refusal.file, refusal.line))
    made.classes = len({each.class_id for each in current})
    return made


def _sorted_out(school: School, made: Plan) -> tuple[list[Enrolment], list[Enrolment]]:
    """Those that count now, and those that do not; without those of nobody and of no class."""
    current: list[Enrolment] = []
    over: list[Enrolment] = []
    for each in school.enrolments:
        if not each.is_current:
            over.append(each)
        elif each.user_id not in school.members:
            _refuse(made, each.row, "userSourcedId", f"{each.user_id!r} is nobody in these files")
        elif school.classes is not None and each.class_id not in school.classes:
            _refuse(
                made, each.row, "classSourcedId", f"{each.class_id!r} is no class in these files"
            )
        else:
            current.append(each)
    return current, over


def _plan_teachers(
    tenant_id: str,
    school: School,
    current: Sequence[Enrolment],
    over: Sequence[Enrolment],
    assigned: Assigned,
    made: Plan,
) -> None:
    """Of a class whose teachers the files tell whole, whoever else was assigned is so no more."""
    teaching = {(each.class_id, each.user_id): each for each in current if each.role == "teacher"}
    for (class_id, user_id), each in teaching.items():
        event = TeacherAssignedIntegrationEvent(
            tenant_id=tenant_id,
            class_id=class_id,
            teacher_id=user_id,
            teacher_name=school.members[user_id].name,
            is_head_teacher=each.is_head,
        )
        made.events.append(Planned(class_id, event))
    gone = {(each.class_id, each.user_id) for each in over if each.role == "teacher"}
    if school.is_bulk:
        gone |= assigned(tenant_id, {class_id for class_id, _ in teaching})
    gone -= teaching.keys()
    for class_id, user_id in sorted(gone):
        left = TeacherUnassignedIntegrationEvent(
            tenant_id=tenant_id, class_id=class_id, teacher_id=user_id
        )
        made.events.append(Planned(class_id, left))
    made.teachers, made.unassigned = len({user for _, user in teaching}), len(gone)


def _plan_students(
    tenant_id: str, school: School, current: Sequence[Enrolment], made: Plan
) -> None:
    classes: dict[str, list[str]] = {}
    for each in current:
        if each.role == "student":
            classes.setdefault(each.user_id, []).append(each.class_id)
    children = _children(school)
    for member in school.members.values():
        if member.role != "student":
            continue
        own = dict.fromkeys(classes.get(member.user_id, ()))
        if len(own) > 1:
            own = {each: None for each in own if school.classes and school.classes.get(each)}
            if len(own) != 1:
                problem = f"{member.user_id!r} is in several classes: exactly one may be a homeroom"
                _refuse(made, member.row, "classSourcedId", f"{problem} (classType of classes.csv)")
                continue
        parents = _parents(member, school.members, children, made)
        if len(parents) > MAX_PARENTS:
            problem = f"{len(parents)} parents, allowed are {MAX_PARENTS}"
            _refuse(made, member.row, "agentSourcedIds", problem)
            continue
        class_id = next(iter(own), None)
        event = StudentCreatedIntegrationEvent(
            tenant_id=tenant_id,
            student_id=member.user_id,
            class_id=class_id,
            student_name=member.name,
            parents=parents,
        )
        made.events.append(Planned(class_id or member.user_id, event))
        made.students += 1
        made.without_parents += not parents


def _children(school: School) -> dict[str, list[str]]:
    """The parents whose rows name a student, by student: OneRoster allows either direction."""
    found: dict[str, list[str]] = {}
    for member in school.members.values():
        if member.role in PARENTS:
            for child in member.agents:
                found.setdefault(child, []).append(member.user_id)
    return found


def _parents(
    student: Member,
    members: Mapping[str, Member],
    children: Mapping[str, Sequence[str]],
    made: Plan,
) -> list[ParentOfStudent]:
    parents = []
    for user_id in dict.fromkeys((*student.agents, *children.get(student.user_id, ()))):
        member = members.get(user_id)
        if member is None:
            problem = f"{user_id!r} is nobody in these files"
            _refuse(made, student.row, "agentSourcedIds", problem)
        elif member.role in PARENTS:
            relationship = "Guardian" if member.role == "guardian" else None
            parents.append(ParentOfStudent(user_id, member.name, relationship))
    return parents


def _refuse(made: Plan, row: Row, column: str, problem: str) -> None:
    made.refusals.append(Refusal(row.file, row.line, column, problem))

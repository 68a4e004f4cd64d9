"""Which events a school's files mean: teachers first, so that groups are founded with them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from consumers.oneroster.cells import PARENTS
from consumers.oneroster.files import Refusal
from consumers.oneroster.school import Enrolment, LeftOut, Member, School, When
from conversations.services.roster import KnownStudent
from messaging.roster import (
    MAX_PARENTS,
    ParentOfStudent,
    RosterEvent,
    StudentCreatedIntegrationEvent,
    TeacherAssignedIntegrationEvent,
    TeacherUnassignedIntegrationEvent,
)


class Known(Protocol):
    """What earlier imports and the platform have told, as `KnownSchool` reads it."""

    def teachers_of(self, class_ids: Iterable[str]) -> dict[tuple[str, str], str]: ...

    def students(self, student_ids: Iterable[str]) -> dict[str, KnownStudent]: ...


class Planned(msgspec.Struct, frozen=True):
    """An event and its key: of one class all lie in one partition, in this order."""

    key: str
    event: RosterEvent


class InClass(msgspec.Struct, frozen=True, rename="camel"):
    """Somebody who leaves a class; or, with `because`, who stays in it, as far as can be told."""

    class_id: str
    user_id: str
    user_name: str
    because: str | None = None


class Plan(msgspec.Struct):
    """What is to be published, what it is about, and what was refused."""

    events: list[Planned] = msgspec.field(default_factory=list)
    teachers: int = 0
    removed: list[InClass] = msgspec.field(default_factory=list)
    kept: list[InClass] = msgspec.field(default_factory=list)
    students: int = 0
    without_parents: int = 0
    classes: int = 0
    left_out: list[LeftOut] = msgspec.field(default_factory=list)
    elsewhere: int = 0
    refusals: list[Refusal] = msgspec.field(default_factory=list)


def plan(tenant_id: str, school: School, known: Known) -> Plan:
    made = Plan(elsewhere=len(school.elsewhere))
    current, other = _sorted_out(school)
    _plan_teachers(tenant_id, school, current, other, known, made)
    _plan_students(tenant_id, school, current, known, made)
    made.refusals = sorted(school.refusals.told, key=lambda refusal: (refusal.file, refusal.line))
    made.left_out = sorted(school.left_out, key=lambda row: (row.file, row.line))
    made.classes = len({each.class_id for each in current})
    return made


def _sorted_out(school: School) -> tuple[list[Enrolment], list[Enrolment]]:
    """Those that count now, and those that do not; without those of nobody and of no class."""
    current: list[Enrolment] = []
    other: list[Enrolment] = []
    for each in school.enrolments:
        if each.when is not When.NOW:
            other.append(each)
            if each.when is When.NOT_YET:
                why = f"{each.role} {each.user_id!r} is not yet in class {each.class_id!r}"
                begins = f"begins on {each.row['beginDate']}"
                school.left_out.append(LeftOut(each.row.file, each.row.line, f"{why}: {begins}"))
        elif each.user_id not in school.members:
            problem = f"{each.user_id!r} is nobody in these files"
            school.refusals.of_person(each.user_id, each.row, "userSourcedId", problem)
        elif school.classes is not None and each.class_id not in school.classes:
            problem = f"{each.class_id!r} is no class in these files"
            school.refusals.of_person(each.user_id, each.row, "classSourcedId", problem)
        else:
            current.append(each)
    return current, other


def _plan_teachers(
    tenant_id: str,
    school: School,
    current: Sequence[Enrolment],
    other: Sequence[Enrolment],
    known: Known,
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
    rows = [each for each in other if each.role == "teacher"]
    ended = {(each.class_id, each.user_id) for each in rows if each.when is When.OVER}
    not_yet = {(each.class_id, each.user_id) for each in rows} - ended
    assigned = known.teachers_of({class_id for class_id, _ in teaching.keys() | ended})
    gone = ended | (assigned.keys() - not_yet if school.is_bulk else set())
    for class_id, user_id in sorted(gone - teaching.keys()):
        member = school.members.get(user_id)
        name = member.name if member else assigned.get((class_id, user_id), "")
        if (unknown := school.refusals.about(class_id, user_id)) is not None:
            made.kept.append(InClass(class_id, user_id, name, _because(unknown)))
            continue
        left = TeacherUnassignedIntegrationEvent(
            tenant_id=tenant_id, class_id=class_id, teacher_id=user_id
        )
        made.events.append(Planned(class_id, left))
        made.removed.append(InClass(class_id, user_id, name))
    made.teachers = len({user for _, user in teaching})


def _plan_students(
    tenant_id: str, school: School, current: Sequence[Enrolment], known: Known, made: Plan
) -> None:
    classes = _classes(school, current)
    stays = _stays(school, classes, known, made)
    children = _children(school)
    for member in school.members.values():
        if member.role != "student":
            continue
        own = classes.get(member.user_id, ())
        if len(own) > 1:
            problem = f"{member.user_id!r} is in several classes: exactly one may be a homeroom"
            problem += " (classType of classes.csv)"
            school.refusals.of_cell(member.row, "classSourcedId", problem)
            continue
        parents = _parents(member, school, children)
        if len(parents) > MAX_PARENTS:
            problem = f"{len(parents)} parents, allowed are {MAX_PARENTS}"
            school.refusals.of_cell(member.row, "agentSourcedIds", problem)
            continue
        class_id = None if member.user_id in stays else next(iter(own), None)
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


def _classes(school: School, current: Sequence[Enrolment]) -> dict[str, list[str]]:
    """By student: of several classes the homeroom, or all of them if that is not exactly one."""
    found: dict[str, dict[str, None]] = {}
    for each in current:
        if each.role == "student":
            found.setdefault(each.user_id, {})[each.class_id] = None
    homerooms = {class_id for class_id, is_one in (school.classes or {}).items() if is_one}
    chosen = {}
    for user_id, class_ids in found.items():
        home = [each for each in class_ids if each in homerooms]
        chosen[user_id] = home if len(home) == 1 else list(class_ids)
    return chosen


def _stays(
    school: School, classes: Mapping[str, Sequence[str]], known: Known, made: Plan
) -> set[str]:
    """Students who seem to come into another class, while a row of theirs was refused."""
    unknown = {
        user_id: refusal
        for user_id, class_ids in classes.items()
        if len(class_ids) == 1 and (refusal := school.refusals.about(class_ids[0], user_id))
    }
    stays = set()
    for user_id, student in known.students(unknown).items():
        if student.class_id is not None and classes[user_id] != [student.class_id]:
            stays.add(user_id)
            because = _because(unknown[user_id])
            name = school.members[user_id].name
            made.kept.append(InClass(student.class_id, user_id, name, because))
    return stays


def _because(refusal: Refusal) -> str:
    return f"{refusal.file} line {refusal.line} was refused"


def _children(school: School) -> dict[str, list[str]]:
    """Those whose rows name a student, by student: OneRoster allows either direction."""
    found: dict[str, list[str]] = {}
    for member in school.members.values():
        for child in member.agents if member.role != "student" else ():
            found.setdefault(child, []).append(member.user_id)
            if member.role in PARENTS and child not in school.members.keys() | school.elsewhere:
                problem = f"{child!r} is nobody in these files"
                school.refusals.of_cell(member.row, "agentSourcedIds", problem)
    return found


def _parents(
    student: Member, school: School, children: Mapping[str, Sequence[str]]
) -> list[ParentOfStudent]:
    """Whoever is related to a student, whatever else they are at the school; but no student."""
    parents = []
    for user_id in dict.fromkeys((*student.agents, *children.get(student.user_id, ()))):
        member = school.members.get(user_id)
        if member is None:
            problem = f"{user_id!r} is nobody in these files"
            school.refusals.of_cell(student.row, "agentSourcedIds", problem)
        elif member.role == "student":
            problem = f"{user_id!r} is a student: nobody's parent"
            school.refusals.of_cell(student.row, "agentSourcedIds", problem)
        else:
            relationship = "Guardian" if member.role == "guardian" else None
            parents.append(ParentOfStudent(user_id, member.name, relationship))
    return parents

"""Which events a school's files mean: teachers first, so that groups are founded with them."""

from collections.abc import Mapping, Sequence

from consumers.oneroster.known import Known
from consumers.oneroster.plan import InClass, Plan, Planned, because
from consumers.oneroster.school import Enrolment, LeftOut, Member, School, When
from consumers.oneroster.students import plan_students
from messaging.roster import TeacherAssignedIntegrationEvent, TeacherUnassignedIntegrationEvent


def plan(tenant_id: str, school: School, known: Known) -> Plan:
    made = Plan(elsewhere=len(school.elsewhere))
    names = _names(school, known)
    current, other = _sorted_out(school, names)
    _plan_teachers(tenant_id, school, names, (current, other), known, made)
    plan_students(tenant_id, school, (current, other), known, made)
    made.refusals = sorted(school.refusals.told, key=lambda refusal: (refusal.file, refusal.line))
    made.left_out = sorted(school.left_out, key=lambda row: (row.file, row.line))
    made.classes = len({each.class_id for each in current})
    return made


def _names(school: School, known: Known) -> dict[str, str]:
    """Of all people of the files by id; in a delta also of those whom only the roster knows."""
    names = {user_id: member.name for user_id, member in school.members.items()}
    if not school.is_bulk:
        named = {each.user_id for each in school.enrolments if each.role in ("student", "teacher")}
        strangers = named - names.keys() - school.deleted.keys()
        names.update(known.names_of(strangers))
        names.update((user_id, each.name) for user_id, each in known.students(strangers).items())
    return names


def _sorted_out(
    school: School, names: Mapping[str, str]
) -> tuple[list[Enrolment], list[Enrolment]]:
    """Those that count now, and those that do not; without those of nobody and of no class."""
    current: list[Enrolment] = []
    other: list[Enrolment] = []
    for each in school.enrolments:
        if each.when is not When.NOW or each.user_id in school.deleted:
            other.append(each)
            if each.when is When.NOT_YET:
                why = f"{each.role} {each.user_id!r} is not yet in class {each.class_id!r}"
                begins = f"begins on {each.row['beginDate']}"
                school.left_out.append(LeftOut(each.row.file, each.row.line, f"{why}: {begins}"))
        elif each.user_id not in names:
            problem = f"{each.user_id!r} is {school.nobody}"
            school.refusals.of_person(each.user_id, each.row, "userSourcedId", problem)
        elif school.is_bulk and school.classes is not None and each.class_id not in school.classes:
            problem = f"{each.class_id!r} is no class in these files"
            school.refusals.of_person(each.user_id, each.row, "classSourcedId", problem)
        else:
            current.append(each)
    return current, other


def _plan_teachers(
    tenant_id: str,
    school: School,
    names: Mapping[str, str],
    enrolments: tuple[Sequence[Enrolment], Sequence[Enrolment]],
    known: Known,
    made: Plan,
) -> None:
    """Of a class whose teachers the files tell whole, whoever else was assigned is so no more."""
    current, other = enrolments
    teaching = {(each.class_id, each.user_id): each for each in current if each.role == "teacher"}
    for (class_id, user_id), each in teaching.items():
        event = TeacherAssignedIntegrationEvent(
            tenant_id=tenant_id,
            class_id=class_id,
            teacher_id=user_id,
            teacher_name=names[user_id],
            is_head_teacher=each.is_head,
        )
        made.events.append(Planned(class_id, event))
    rows = [each for each in other if each.role == "teacher"]
    ended = {(each.class_id, each.user_id) for each in rows if each.when is not When.NOT_YET}
    not_yet = {(each.class_id, each.user_id) for each in rows} - ended
    of_deleted = known.classes_of(school.deleted)
    _tell_of_deleted(school, {user_id for _, user_id in of_deleted.keys() | ended})
    assigned = known.teachers_of({class_id for class_id, _ in teaching.keys() | ended}) | of_deleted
    gone = ended | of_deleted.keys()
    if school.is_bulk:
        gone |= assigned.keys() - not_yet
    for class_id, user_id in sorted(gone - teaching.keys()):
        name = names.get(user_id) or assigned.get((class_id, user_id), "")
        if (unknown := school.refusals.about(class_id, user_id)) is not None:
            made.kept.append(InClass(class_id, user_id, name, because(unknown)))
            continue
        left = TeacherUnassignedIntegrationEvent(
            tenant_id=tenant_id, class_id=class_id, teacher_id=user_id
        )
        made.events.append(Planned(class_id, left))
        made.removed.append(InClass(class_id, user_id, name))
    made.teachers = len({user for _, user in teaching})


def _tell_of_deleted(school: School, leaving: set[str]) -> None:
    """Of those to be deleted only teachers leave something: no event takes others out."""
    for each in school.deleted.values():
        if each.role != "teacher" or each.user_id not in leaving:
            school.left_out.append(LeftOut(each.row.file, each.row.line, _deleted(each)))


def _deleted(member: Member) -> str:
    named = f"{member.role} {member.user_id!r}" + (f" ({member.name})" if member.name else "")
    if member.role == "teacher":
        return f"{named} is to be deleted: known as a teacher of no class"
    return f"{named} is to be deleted: no event takes them out, staff does"

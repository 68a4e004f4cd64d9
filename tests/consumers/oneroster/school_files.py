"""A small school in OneRoster files, and the plan that its files make."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from pathlib import Path

from consumers.oneroster.files import tables
from consumers.oneroster.one_school import only_one_school
from consumers.oneroster.plan import InClass, Plan
from consumers.oneroster.planning import plan
from consumers.oneroster.school import SchoolReader
from conversations.services.roster import KnownStudent
from messaging.roster import (
    ParentOfStudent,
    StudentCreatedIntegrationEvent,
    TeacherAssignedIntegrationEvent,
)

TODAY = date(2025, 11, 7)

USERS = """\
sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier,email,sms,phone,agentSourcedIds,grades,password
t-1,,,true,org-1,teacher,dung,,Dũng,Lê,Văn,,,,,,,
s-1,,,true,org-1,student,an,,An,Nguyễn,,,,,,"p-1, p-2",9,
p-1,,,true,org-1,parent,lan,,Lan,Hoàng,Thị,,,,,,,
p-2,,,true,org-1,guardian,tu,,Tư,Nguyễn,,,,,,,,
p-3,,,true,org-1,relative,ba,,Ba,Nguyễn,,,,,,s-1,,
"""
ENROLLMENTS = """\
sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate
e-1,,,9A,org-1,t-1,teacher,true,,
e-2,,,9A,org-1,s-1,student,,,
"""
CLASSES = """\
sourcedId,status,dateLastModified,title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,termSourcedIds,subjects,subjectCodes,periods
9A,,,Lớp 9A,9,c-1,,homeroom,,org-1,y-1,,,
math,,,Toán,9,c-2,,scheduled,,org-1,y-1,,,
"""

FLAT = """\
sourcedId,givenName,familyName,middleName,role,classSourcedId,primary,agentSourcedIds
t-1,Dũng,Lê,Văn,teacher,9A,true,
s-1,An,Nguyễn,,student,9A,,"p-1,p-2"
p-1,Lan,Hoàng,Thị,parent,,,
p-2,Tư,Nguyễn,,guardian,,,
p-3,Ba,Nguyễn,,relative,,,s-1
"""

WHOLE = [
    (
        "9A",
        TeacherAssignedIntegrationEvent(
            tenant_id="school-1",
            class_id="9A",
            teacher_id="t-1",
            teacher_name="Lê Văn Dũng",
            is_head_teacher=True,
        ),
    ),
    (
        "9A",
        StudentCreatedIntegrationEvent(
            tenant_id="school-1",
            student_id="s-1",
            class_id="9A",
            student_name="Nguyễn An",
            parents=[
                ParentOfStudent("p-1", "Hoàng Thị Lan"),
                ParentOfStudent("p-2", "Nguyễn Tư", "Guardian"),
                ParentOfStudent("p-3", "Nguyễn Ba"),
            ],
        ),
    ),
]

Write = Callable[..., Path]


class KnownBefore:
    """What a test says that the roster knows: (class, teacher) pairs, and students."""

    def __init__(
        self, teachers: Collection[tuple[str, str]] = (), **students: KnownStudent
    ) -> None:
        self._teachers = {pair: f"Name of {pair[1]}" for pair in teachers}
        self._students = {name.replace("_", "-"): each for name, each in students.items()}

    def teachers_of(self, class_ids: Iterable[str]) -> dict[tuple[str, str], str]:
        wanted = set(class_ids)
        return {pair: name for pair, name in self._teachers.items() if pair[0] in wanted}

    def classes_of(self, teacher_ids: Iterable[str]) -> dict[tuple[str, str], str]:
        wanted = set(teacher_ids)
        return {pair: name for pair, name in self._teachers.items() if pair[1] in wanted}

    def names_of(self, user_ids: Iterable[str]) -> dict[str, str]:
        names = {teacher: name for (_, teacher), name in self._teachers.items()}
        for each in self._students.values():
            names.update(each.parents)
        return {each: names[each] for each in user_ids if each in names}

    def students(self, student_ids: Iterable[str]) -> dict[str, KnownStudent]:
        return {each: self._students[each] for each in student_ids if each in self._students}


def planned(
    *paths: Path, known: KnownBefore | None = None, org: str | None = None, **options: bool
) -> Plan:
    school = SchoolReader(TODAY, **options).read(tables(paths))
    only_one_school(school, org)
    return plan("school-1", school, known or KnownBefore())


def told(made: Plan) -> list[str]:
    return [f"{each.file} line {each.line} {each.column}: {each.problem}" for each in made.refusals]


def shown(people: Sequence[InClass]) -> list[tuple[str, str, str | None]]:
    return [(each.class_id, each.user_id, each.because) for each in people]

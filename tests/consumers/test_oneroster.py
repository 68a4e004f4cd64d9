"""What a school's OneRoster files mean, and what of them is refused and why."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest

from consumers.errors import Refused
from consumers.oneroster import files
from consumers.oneroster.files import tables
from consumers.oneroster.planning import Plan, plan
from consumers.oneroster.school import SchoolReader
from messaging.roster import (
    ParentOfStudent,
    StudentCreatedIntegrationEvent,
    TeacherAssignedIntegrationEvent,
    TeacherUnassignedIntegrationEvent,
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

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes files by name (`users="…"`); gives their folder."""

    def written(**contents: str | bytes) -> Path:
        for name, content in contents.items():
            data = content if isinstance(content, bytes) else content.encode()
            (tmp_path / f"{name}.csv").write_bytes(data)
        return tmp_path

    return written


def planned(*paths: Path, known: set[tuple[str, str]] | None = None, **options: bool) -> Plan:
    reader = SchoolReader(TODAY, **options)

    def assigned(_tenant: str, class_ids: object) -> set[tuple[str, str]]:
        wanted = set(class_ids)  # type: ignore[call-overload]  # an iterable of texts
        return {pair for pair in known or () if pair[0] in wanted}

    return plan("school-1", reader.read(tables(paths)), assigned)


def told(made: Plan) -> list[str]:
    return [f"{each.file} line {each.line} {each.column}: {each.problem}" for each in made.refusals]


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


def test_a_folder_of_files_is_a_school_teachers_first(write: Write) -> None:
    folder = write(users=USERS, enrollments=ENROLLMENTS, classes=CLASSES, orgs="sourcedId,name\n")

    made = planned(folder)

    assert [(each.key, each.event) for each in made.events] == WHOLE
    assert (made.students, made.teachers, made.classes, made.refusals) == (1, 1, 1, [])


def test_a_zip_and_single_files_are_the_same(write: Write, tmp_path: Path) -> None:
    folder = write(users=USERS, enrollments=ENROLLMENTS)
    with ZipFile(tmp_path / "school.zip", "w") as archive:
        for name in ("users", "enrollments"):
            archive.write(folder / f"{name}.csv", f"export/{name}.csv")

    zipped = planned(tmp_path / "school.zip")
    single = planned(folder / "enrollments.csv", folder / "users.csv")

    assert zipped.events == single.events
    assert [each.event for each in zipped.events] == [event for _, event in WHOLE]


FLAT = """\
sourcedId,givenName,familyName,middleName,role,classSourcedId,primary,agentSourcedIds
t-1,Dũng,Lê,Văn,teacher,9A,true,
s-1,An,Nguyễn,,student,9A,,"p-1,p-2"
p-1,Lan,Hoàng,Thị,parent,,,
p-2,Tư,Nguyễn,,guardian,,,
p-3,Ba,Nguyễn,,relative,,,s-1
"""


@pytest.mark.parametrize(
    "content",
    [
        FLAT.encode(),
        b"\xef\xbb\xbf" + FLAT.encode(),
        FLAT.replace("\n", "\r\n").encode(),
        FLAT.replace("sourcedId,givenName", "SOURCEDID, GivenName").encode(),
        FLAT.encode() + b"\n,,,,,,,\n",
    ],
    ids=["plain", "with a byte order mark", "with CRLF", "other case", "empty rows"],
)
def test_one_file_may_hold_all(write: Write, content: bytes) -> None:
    made = planned(write(school=content) / "school.csv")

    assert [(each.key, each.event) for each in made.events] == WHOLE
    assert made.refusals == []


def test_who_is_in_two_classes_has_two_rows_in_one_file(write: Write) -> None:
    again = "t-1,Dũng,Lê,Văn,teacher,9B,,\n"

    made = planned(write(school=FLAT + again) / "school.csv")

    assert [each.key for each in made.events] == ["9A", "9B", "9A"]
    assert made.refusals == []


def test_names_begin_with_the_given_name_where_that_is_usual(write: Write) -> None:
    made = planned(write(school=FLAT) / "school.csv", given_name_first=True)

    assert isinstance(made.events[0].event, TeacherAssignedIntegrationEvent)
    assert made.events[0].event.teacher_name == "Dũng Văn Lê"


def test_a_student_of_several_classes_is_in_the_homeroom(write: Write) -> None:
    also = "e-3,,,math,org-1,s-1,student,,,\n"
    folder = write(users=USERS, enrollments=ENROLLMENTS + also, classes=CLASSES)

    assert [each.key for each in planned(folder).events] == ["9A", "9A"]


def test_without_a_homeroom_a_student_of_several_classes_is_refused(write: Write) -> None:
    also = "e-3,,,math,org-1,s-1,student,,,\n"

    made = planned(write(users=USERS, enrollments=ENROLLMENTS + also))

    assert told(made) == [
        "users.csv line 3 classSourcedId: 's-1' is in several classes: exactly one may be a"
        " homeroom (classType of classes.csv)"
    ]


def test_a_bulk_tells_who_teaches_no_more(write: Write) -> None:
    folder = write(users=USERS, enrollments=ENROLLMENTS)
    known = {("9A", "t-1"), ("9A", "t-9"), ("9B", "t-8")}

    made = planned(folder, known=known)

    gone = TeacherUnassignedIntegrationEvent(tenant_id="school-1", class_id="9A", teacher_id="t-9")
    assert [each.event for each in made.events if each.event == gone] == [gone]
    assert made.unassigned == 1


@pytest.mark.parametrize(
    "row",
    [
        "e-3,tobedeleted,2025-11-07,9A,org-1,t-2,teacher,,,",
        "e-3,,,9A,org-1,t-2,teacher,,2025-09-01,2025-11-07",
        "e-3,,,9A,org-1,t-2,teacher,,2025-11-08,",
    ],
    ids=["to be deleted", "over", "not yet"],
)
def test_an_enrolment_that_does_not_count_ends_what_was(write: Write, row: str) -> None:
    teacher = "t-2,,,true,org-1,teacher,mai,,Mai,Phạm,,,,,,,,\n"

    made = planned(write(users=USERS + teacher, enrollments=f"{ENROLLMENTS}{row}\n"))

    assert [type(each.event).__name__ for each in made.events] == [
        "TeacherAssignedIntegrationEvent",
        "TeacherUnassignedIntegrationEvent",
        "StudentCreatedIntegrationEvent",
    ]


def test_what_only_tells_changes_ends_nothing_that_it_does_not_name(write: Write) -> None:
    delta = ENROLLMENTS.replace("e-1,,", "e-1,active,2025-11-07T00:00:00Z")

    made = planned(write(users=USERS, enrollments=delta), known={("9A", "t-9")})

    assert made.unassigned == 0


def test_students_without_parents_are_told_of_and_counted(write: Write) -> None:
    made = planned(write(users=USERS.replace('"p-1, p-2"', "").replace(",s-1,,", ",,,")))

    assert (made.students, made.without_parents, made.refusals) == (1, 1, [])


ROWS: dict[str, tuple[str, str]] = {
    "an unknown role": (
        "x-1,A,B,,pupil,,,",
        "role: 'pupil': allowed are administrator, aide, guardian, parent, proctor, relative,"
        " student, teacher",
    ),
    "no id": (",A,B,,student,9A,,", "sourcedId: is empty: must have 1 to 255 printable"),
    "no name": ("x-1,,,,student,9A,,", "familyName: a person needs a givenName or a familyName"),
    "a long name": (
        f"x-1,{'x' * 256},,,student,9A,,",
        "familyName: has more than 255 UTF-16 units",
    ),
    "a long id": (f"{'x' * 256},A,B,,student,9A,,", "sourcedId: 'xxxxxxxxxx"),
    "too many cells": ("x-1,A,B,,student,9A,,,,", "None: 10 cells under 8 columns"),
    "a parent who is nobody": (
        "x-1,A,B,,student,9A,,nobody",
        "agentSourcedIds: 'nobody' is nobody in these files",
    ),
    "a strange primary": ("x-1,A,B,,teacher,9A,yes,", "primary: 'yes': allowed are true, false"),
    "another name": ("s-1,An,Trần,,student,9B,,", "sourcedId: 's-1' has another name or role in"),
    "twice": ("p-1,Lan,Hoàng,Thị,parent,,,", "sourcedId: 'p-1' has a row already, in school.csv"),
}


@pytest.mark.parametrize(("row", "problem"), ROWS.values(), ids=ROWS)
def test_a_row_that_cannot_be_taken_is_told_by_line_and_column_and_the_rest_is_taken(
    write: Write, row: str, problem: str
) -> None:
    made = planned(write(school=f"{FLAT}{row}\n") / "school.csv")

    [refusal] = told(made)
    assert refusal.startswith(f"school.csv line 7 {problem}")
    assert [event for _, event in WHOLE] == [each.event for each in made.events][:2]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("e-3,,,9A,o,nobody,student,,,", "userSourcedId: 'nobody' is nobody in these files"),
        ("e-3,,,9Z,o,s-1,student,,,", "classSourcedId: '9Z' is no class in these files"),
        ("e-3,,,9A,o,s-1,student,,07.11.2025,", "beginDate: '07.11.2025': a date as 2025-09-05"),
        ("e-3,gone,,9A,o,s-1,student,,,", "status: 'gone': allowed are active, tobedeleted"),
    ],
)
def test_an_enrolment_that_cannot_be_taken_is_told(write: Write, row: str, problem: str) -> None:
    folder = write(users=USERS, enrollments=f"{ENROLLMENTS}{row}\n", classes=CLASSES)

    assert told(planned(folder)) == [f"enrollments.csv line 4 {problem}"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no file of users, enrollments or classes by its columns (there are none)"),
        (b"name;class\nAn;9A\n", "by its columns (name;class)"),
        (FLAT.encode() + b"s-2,\xff\xfe,B,,student,9A,,\n", "not UTF-8"),
        (FLAT.encode() + b's-2,"A"B,C,,student,9A,,\n', "no CSV"),
        (FLAT.encode() + b's-2,"A\n', "no CSV: unexpected end of data"),
    ],
    ids=["empty", "semicolons", "another encoding", "broken quotes", "an open quote"],
)
def test_a_file_that_cannot_be_read_is_refused_as_a_whole(
    write: Write, content: bytes, problem: str
) -> None:
    with pytest.raises(Refused, match=r"school\.csv") as refused:
        planned(write(school=content) / "school.csv")

    assert problem in str(refused.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file or directory"):
        planned(tmp_path / "nothing.csv")


def test_there_is_a_limit_to_the_rows(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_ROWS", 4)

    with pytest.raises(Refused, match=r"school.csv line 6: over 4 rows in all files together"):
        planned(write(school=FLAT) / "school.csv")

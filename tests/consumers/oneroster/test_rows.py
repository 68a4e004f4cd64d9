"""What the rows of a school's files mean, and which are refused one by one and why."""

import pytest

from consumers.oneroster import cells
from consumers.oneroster.plan import InClass
from messaging.roster import (
    StudentCreatedIntegrationEvent,
    TeacherAssignedIntegrationEvent,
    TeacherUnassignedIntegrationEvent,
)
from tests.consumers.oneroster.school_files import (
    CLASSES,
    ENROLLMENTS,
    FLAT,
    USERS,
    WHOLE,
    KnownBefore,
    Write,
    planned,
    told,
)


def test_who_is_in_two_classes_has_two_rows_in_one_file(write: Write) -> None:
    again = "t-1,Dũng,Lê,Văn,teacher,9B,,\n"

    made = planned(write(school=FLAT + again) / "school.csv")

    assert [each.key for each in made.events] == ["9A", "9B", "9A"]
    assert made.refusals == []


def test_a_line_break_in_a_name_is_a_blank(write: Write) -> None:
    flat = FLAT.replace("s-1,An,", 's-1,"An\r\n\tThị",')

    made = planned(write(school=flat) / "school.csv")

    [student] = [
        e.event for e in made.events if isinstance(e.event, StudentCreatedIntegrationEvent)
    ]
    assert student.student_name == "Nguyễn An Thị"


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
    known = KnownBefore({("9A", "t-1"), ("9A", "t-9"), ("9B", "t-8")})

    made = planned(folder, known=known)

    gone = TeacherUnassignedIntegrationEvent(tenant_id="school-1", class_id="9A", teacher_id="t-9")
    assert [each.event for each in made.events if each.event == gone] == [gone]
    assert made.removed == [InClass("9A", "t-9", "Name of t-9")]


@pytest.mark.parametrize(
    "row",
    [
        "e-3,tobedeleted,2025-11-07,9A,org-1,t-2,teacher,,,",
        "e-3,,,9A,org-1,t-2,teacher,,2025-09-01,2025-11-07",
    ],
    ids=["to be deleted", "over"],
)
def test_an_enrolment_that_is_over_ends_what_was(write: Write, row: str) -> None:
    teacher = "t-2,,,true,org-1,teacher,mai,,Mai,Phạm,,,,,,,,\n"

    made = planned(write(users=USERS + teacher, enrollments=f"{ENROLLMENTS}{row}\n"))

    assert [type(each.event).__name__ for each in made.events] == [
        "TeacherAssignedIntegrationEvent",
        "TeacherUnassignedIntegrationEvent",
        "StudentCreatedIntegrationEvent",
    ]


@pytest.mark.parametrize("status", ["", "active"], ids=["bulk", "delta"])
def test_an_enrolment_that_has_not_begun_is_left_out_and_ends_nothing(
    write: Write, status: str
) -> None:
    teacher = "t-2,,,true,org-1,teacher,mai,,Mai,Phạm,,,,,,,,\n"
    row = f"e-3,{status},,9A,org-1,t-2,teacher,,2025-11-08,\n"
    folder = write(users=USERS + teacher, enrollments=ENROLLMENTS + row)

    made = planned(folder, known=KnownBefore({("9A", "t-2")}))

    assert [each.event for each in made.events] == [event for _, event in WHOLE]
    assert [(each.line, each.why) for each in made.left_out] == [
        (4, "teacher 't-2' is not yet in class '9A': begins on 2025-11-08")
    ]


def test_what_only_tells_changes_ends_nothing_that_it_does_not_name(write: Write) -> None:
    delta = ENROLLMENTS.replace("e-1,,", "e-1,active,2025-11-07T00:00:00Z")

    made = planned(write(users=USERS, enrollments=delta), known=KnownBefore({("9A", "t-9")}))

    assert made.removed == []


def test_students_without_parents_are_told_of_and_counted(write: Write) -> None:
    made = planned(write(users=USERS.replace('"p-1, p-2"', "").replace(",s-1,,", ",,,")))

    assert (made.students, made.without_parents, made.refusals) == (1, 1, [])


@pytest.mark.parametrize("role", [each for each in cells.USER_ROLES if each != "student"])
@pytest.mark.parametrize("is_in_own_row", [False, True], ids=["student's row", "own row"])
def test_whoever_is_related_to_a_student_is_a_parent_whatever_else_they_are(
    write: Write, role: str, is_in_own_row: bool
) -> None:
    rows = f"x-1,Chi,Lê,,{role},,,{'s-1' if is_in_own_row else ''}\n"
    flat = FLAT if is_in_own_row else FLAT.replace('"p-1,p-2"', '"p-1,p-2,x-1"')

    made = planned(write(school=flat + rows) / "school.csv")

    [student] = [
        e.event for e in made.events if isinstance(e.event, StudentCreatedIntegrationEvent)
    ]
    assert "x-1" in [each.parent_id for each in student.parents or ()]
    assert made.refusals == []


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
    "a parent who is a student": (
        "x-1,A,B,,student,9A,,s-1",
        "agentSourcedIds: 's-1' is a student: nobody's parent",
    ),
    "a child who is nobody": (
        "x-1,A,B,,parent,,,nobody",
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

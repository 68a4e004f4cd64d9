"""A refused row means unknown, not gone: it takes nobody out of a class."""

import pytest

from conversations.services.roster import KnownStudent
from messaging.roster import StudentCreatedIntegrationEvent, TeacherUnassignedIntegrationEvent
from tests.consumers.oneroster.school_files import (
    CLASSES,
    ENROLLMENTS,
    FLAT,
    USERS,
    KnownBefore,
    Write,
    planned,
    shown,
)

MAI = "t-2,,,true,org-1,teacher,mai,,Mai,Phạm,,,,,,,,\n"
OF_MAI = "e-3,,,9A,org-1,t-2,teacher,,,\n"
KNOWN = KnownBefore({("9A", "t-1"), ("9A", "t-2"), ("9A", "t-9")})

NAMED: dict[str, tuple[str, str, str]] = {
    "a role": (MAI.replace(",teacher,", ",head,"), OF_MAI, "users.csv line 7"),
    "a long name": (MAI.replace("Mai", "x" * 256), OF_MAI, "users.csv line 7"),
    "an enrolment": (MAI, OF_MAI.replace("teacher,,,", "teacher,,soon,"), "enrollments.csv line 4"),
    "an enrolment that ended": (
        MAI,
        f"{OF_MAI.replace('teacher,,,', 'teacher,yes,,')}e-4,,,9A,org-1,t-2,teacher,,,2025-09-05\n",
        "enrollments.csv line 4",
    ),
    "no row of users": ("", OF_MAI, "enrollments.csv line 4"),
    "no such class": (MAI, OF_MAI.replace("9A", "9a"), "enrollments.csv line 4"),
}


@pytest.mark.parametrize(("user", "enrolment", "row"), NAMED.values(), ids=NAMED)
def test_whom_a_refused_row_names_stays_and_others_go(
    write: Write, user: str, enrolment: str, row: str
) -> None:
    folder = write(users=USERS + user, enrollments=ENROLLMENTS + enrolment, classes=CLASSES)

    made = planned(folder, known=KNOWN)

    assert shown(made.kept) == [("9A", "t-2", f"{row} was refused")]
    assert shown(made.removed) == [("9A", "t-9", None)]
    gone = [each.event for each in made.events]
    assert [
        each.teacher_id for each in gone if isinstance(each, TeacherUnassignedIntegrationEvent)
    ] == ["t-9"]


def test_all_stay_in_the_class_of_a_row_that_names_nobody(write: Write) -> None:
    other = "e-4,,,9B,org-1,t-1,teacher,,,\n"
    enrollments = ENROLLMENTS + OF_MAI.replace("t-2", "") + other
    known = KnownBefore({("9A", "t-2"), ("9B", "t-2")})

    made = planned(write(users=USERS + MAI, enrollments=enrollments), known=known)

    assert shown(made.kept) == [("9A", "t-2", "enrollments.csv line 4 was refused")]
    assert shown(made.removed) == [("9B", "t-2", None)]


@pytest.mark.parametrize(
    ("users", "enrollments", "row"),
    [
        ("a,comma" + MAI, "", "users.csv line 7"),
        (MAI.replace("t-2", ""), "", "users.csv line 7"),
        (MAI, "e-3,,,9A,org-1,t-2,teacher,,,,,,\n", "enrollments.csv line 4"),
    ],
    ids=["shifted cells of a person", "a person without an id", "shifted cells of an enrolment"],
)
def test_everybody_stays_when_a_row_names_neither_person_nor_class(
    write: Write, users: str, enrollments: str, row: str
) -> None:
    folder = write(users=USERS + users, enrollments=ENROLLMENTS + enrollments)

    made = planned(folder, known=KNOWN)

    why = f"{row} was refused"
    assert shown(made.kept) == [("9A", "t-2", why), ("9A", "t-9", why)]
    assert made.removed == []


@pytest.mark.parametrize(
    "files",
    [
        {"classes": f"{CLASSES}9C,,,a,comma,too,,,many,homeroom,,org-1,y-1,,,,,,\n"},
        {"orgs": "sourcedId,name,type,parentSourcedId\n,First,school,\n"},
    ],
    ids=["classes", "orgs"],
)
def test_a_refused_row_that_is_about_nobody_keeps_nobody(
    write: Write, files: dict[str, str]
) -> None:
    folder = write(**{"users": USERS, "enrollments": ENROLLMENTS} | files)

    made = planned(folder, known=KNOWN)

    assert len(made.refusals) == 1
    assert [each.user_id for each in made.removed] == ["t-2", "t-9"]


def test_a_student_does_not_move_while_another_enrolment_of_theirs_is_refused(write: Write) -> None:
    broken = "s-1,An,Nguyễn,,student,9B,perhaps,\n"
    known = KnownBefore(s_1=KnownStudent(class_id="9B"))

    made = planned(write(school=FLAT + broken) / "school.csv", known=known)

    assert shown(made.kept) == [("9B", "s-1", "school.csv line 7 was refused")]
    [student] = [
        e.event for e in made.events if isinstance(e.event, StudentCreatedIntegrationEvent)
    ]
    assert student.class_id is None

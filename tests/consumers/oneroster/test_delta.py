"""Files that tell only what has changed: of the others the roster knows already."""

import pytest

from consumers.oneroster.plan import InClass
from conversations.services.roster import KnownStudent
from messaging.roster import (
    ParentEnrolledIntegrationEvent,
    ParentOfStudent,
    RosterEvent,
    StudentClassChangedIntegrationEvent,
    StudentCreatedIntegrationEvent,
    TeacherAssignedIntegrationEvent,
    TeacherUnassignedIntegrationEvent,
)
from tests.consumers.oneroster.school_files import (
    CLASSES,
    ENROLLMENTS,
    USERS,
    KnownBefore,
    Write,
    planned,
    told,
)

SCHOOL = "school-1"
KNOWN = KnownBefore(
    {("9A", "t-1"), ("9B", "t-2")},
    s_1=KnownStudent("Nguyễn An", "9A", {"p-1": "Hoàng Thị Lan", "p-2": "Nguyễn Tư"}),
    s_2=KnownStudent("Nguyễn Bình", "9B", {"p-5": "Lý Tâm"}),
)
USERS_HEADER, CHANGED_USER = USERS.splitlines()[0], ",2025-11-07T00:00:00Z,true,org-1,"
HEADER = ENROLLMENTS.splitlines()[0]


def users(*rows: str) -> str:
    return "\n".join([USERS_HEADER, *rows, ""])


def enrollments(*rows: str) -> str:
    return "\n".join([HEADER, *rows, ""])


def moved(student: str, class_id: str) -> RosterEvent:
    return StudentClassChangedIntegrationEvent(
        tenant_id=SCHOOL, student_id=student, class_id=class_id
    )


def left(class_id: str, teacher: str) -> RosterEvent:
    return TeacherUnassignedIntegrationEvent(
        tenant_id=SCHOOL, class_id=class_id, teacher_id=teacher
    )


def test_enrolments_alone_move_students_and_teachers_whom_the_roster_knows(write: Write) -> None:
    rows = [
        "e-1,tobedeleted,2025-11-07T00:00:00Z,9A,org-1,t-1,teacher,,,",
        "e-2,tobedeleted,2025-11-07T00:00:00Z,9A,org-1,s-1,student,,,",
        "e-3,active,2025-11-07T00:00:00Z,9C,org-1,t-1,teacher,true,,",
        "e-4,active,2025-11-07T00:00:00Z,9C,org-1,s-1,student,,,",
    ]

    made = planned(write(enrollments=enrollments(*rows)), known=KNOWN)

    assigned = TeacherAssignedIntegrationEvent(
        tenant_id=SCHOOL,
        class_id="9C",
        teacher_id="t-1",
        teacher_name="Name of t-1",
        is_head_teacher=True,
    )
    assert [e.event for e in made.events] == [assigned, left("9A", "t-1"), moved("s-1", "9C")]
    assert made.removed == [InClass("9A", "t-1", "Name of t-1")]
    assert made.refusals == []


def test_who_is_known_nowhere_is_told(write: Write) -> None:
    row = "e-3,active,,9A,org-1,t-7,teacher,,,"

    made = planned(write(enrollments=enrollments(row)), known=KNOWN)

    assert told(made) == [
        "enrollments.csv line 2 userSourcedId: 't-7' is nobody in these files, nor known from"
        " earlier ones"
    ]


def test_a_bulk_that_names_nobodies_row_is_refused_although_the_roster_knows_them(
    write: Write,
) -> None:
    folder = write(users=USERS, enrollments=ENROLLMENTS + "e-3,,,9A,org-1,t-2,teacher,,,\n")

    assert told(planned(folder, known=KNOWN)) == [
        "enrollments.csv line 4 userSourcedId: 't-2' is nobody in these files"
    ]


def test_one_more_course_moves_nobody_out_of_their_class(write: Write) -> None:
    row = "e-3,active,,math,org-1,s-1,student,,,"

    made = planned(write(enrollments=enrollments(row), classes=CLASSES), known=KNOWN)

    assert (made.events, made.refusals) == ([], [])


def test_a_renamed_student_keeps_the_parents_that_are_known(write: Write) -> None:
    row = f's-1,active{CHANGED_USER}student,an,,Ân,Nguyễn,,,,,,"p-1,p-5",9,'

    made = planned(write(users=users(row)), known=KNOWN)

    created = StudentCreatedIntegrationEvent(
        tenant_id=SCHOOL,
        student_id="s-1",
        student_name="Nguyễn Ân",
        parents=[ParentOfStudent("p-5", "Lý Tâm")],
    )
    assert [each.event for each in made.events] == [created]
    assert (made.refusals, made.without_parents) == ([], 0)


def test_a_student_with_known_parents_is_not_said_to_have_none(write: Write) -> None:
    delta = f"s-1,active{CHANGED_USER}student,an,,Ân,Nguyễn,,,,,,,9,"
    bulk = delta.replace("active", "")

    for row in (delta, bulk):
        assert planned(write(users=users(row)), known=KNOWN).without_parents == 0


def test_a_new_parent_of_a_known_student_is_added(write: Write) -> None:
    row = f"p-9,active{CHANGED_USER}guardian,ha,,Hà,Vũ,,,,,,s-1,,"

    made = planned(write(users=users(row)), known=KNOWN)

    assert [each.event for each in made.events] == [
        ParentEnrolledIntegrationEvent(
            tenant_id=SCHOOL,
            student_id="s-1",
            parent_id="p-9",
            parent_name="Vũ Hà",
            relationship="Guardian",
        )
    ]


def test_a_deleted_teacher_leaves_their_classes_and_others_are_told_by_name(write: Write) -> None:
    folder = write(
        users=users(
            f"t-1,tobedeleted{CHANGED_USER}teacher,dung,,Dũng,Lê,,,,,,,,",
            f"t-9,tobedeleted{CHANGED_USER}teacher,ha,,Hà,Vũ,,,,,,,,",
            f"s-1,tobedeleted{CHANGED_USER}student,an,,An,Nguyễn,,,,,,p-1,,",
            f"p-1,tobedeleted{CHANGED_USER}parent,lan,,Lan,Hoàng,,,,,,s-1,,",
        ),
        enrollments=enrollments("e-1,active,,9C,org-1,t-1,teacher,,,"),
    )

    made = planned(folder, known=KNOWN)

    assert [each.event for each in made.events] == [left("9A", "t-1"), left("9C", "t-1")]
    assert [each.why for each in made.left_out] == [
        "teacher 't-9' (Vũ Hà) is to be deleted: known as a teacher of no class",
        "student 's-1' (Nguyễn An) is to be deleted: no event takes them out, staff does",
        "parent 'p-1' (Hoàng Lan) is to be deleted: no event takes them out, staff does",
    ]
    assert made.refusals == []


@pytest.mark.parametrize(
    ("manifest", "status", "removed"),
    [
        ("bulk", "", ["t-9"]),
        ("bulk", "active", ["t-9"]),
        ("delta", "", []),
        (None, "", ["t-9"]),
        (None, "active", []),
    ],
)
def test_the_manifest_or_else_the_status_says_whether_it_is_a_delta(
    write: Write, manifest: str | None, status: str, removed: list[str]
) -> None:
    files = {
        "users": USERS,
        "enrollments": ENROLLMENTS.replace("e-1,,", f"e-1,{status},"),
    }
    if manifest:
        files["manifest"] = (
            f"propertyName,value\nmanifest.version,1.0\nfile.users,{manifest}\n"
            f"file.enrollments,{manifest}\nfile.orgs,absent\n"
        )

    made = planned(write(**files), known=KnownBefore({("9A", "t-9")}))

    assert [each.user_id for each in made.removed] == removed

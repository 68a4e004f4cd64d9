"""What each event of the roster makes of the student groups."""

from uuid import uuid4

import pytest

from chat_project.mongodb import collection
from conversations import cache
from conversations.cache import Lookup
from tests.consumers.roster_events import ADMIN, MEMBER, RosterTopic, School

pytestmark = pytest.mark.usefixtures("quiet")


def told(school: School) -> list[str]:
    """What waits in the outbox for the school's groups; Kafka is not asked here."""
    ids = [group["_id"] for group in school.groups()]
    found = collection("outbox").find({"conversationId": {"$in": ids}}).sort("version", 1)
    return [entry["text"] for entry in found]


def test_a_students_group_has_the_teachers_as_admins_and_the_parents_as_members(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(
        school.assigned("teacher-1"),
        school.assigned("teacher-2", isHeadTeacher=True),
        school.created("s-1", "parent-1", "parent-2", createdBy="clerk-1"),
    )

    group = school.group()
    assert (group["name"], group["classId"]) == ("Student: Name of s-1", "9A")
    assert (group["createdBy"], group["key"]) == ("clerk-1", f"student:{school.tenant_id}:s-1")
    people = list(collection("participants").find({"conversationId": group["_id"]}).sort("_id", 1))
    assert [(each["userId"], each["role"]) for each in people] == [
        ("teacher-2", ADMIN),
        ("teacher-1", ADMIN),
        ("parent-1", MEMBER),
        ("parent-2", MEMBER),
    ]
    assert told(school) == []


def test_there_is_one_group_however_often_the_event_comes(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(school.assigned("teacher-1"), school.created("s-1", "parent-1"))
    before = school.picture()

    for _ in range(2):
        topic.apply(topic.records)

    assert school.picture() == before


def test_without_parents_there_is_no_group_until_one_comes(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(school.created("s-1"), school.created("s-2", parents=None))
    assert school.groups() == []

    topic.deliver(school.enrolled("s-1", "parent-1"))

    assert school.people("s-1") == {"parent-1": ADMIN}
    assert len(school.groups()) == 1


def test_without_a_teacher_the_parents_are_admins_until_one_comes(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(school.created("s-1", "parent-1"))
    assert school.people() == {"parent-1": ADMIN}

    topic.deliver(school.assigned("teacher-1"))

    assert school.people() == {"teacher-1": ADMIN, "parent-1": MEMBER}
    assert told(school) == ["Name of teacher-1 đã tham gia"]


def test_a_parent_who_comes_later_is_added(topic: RosterTopic, school: School) -> None:
    topic.deliver(school.assigned("teacher-1"), school.created("s-1", "parent-1"))

    topic.deliver(school.enrolled("s-1", "parent-2"))

    assert school.people() == {"teacher-1": ADMIN, "parent-1": MEMBER, "parent-2": MEMBER}


def test_a_teacher_joins_every_group_of_the_class_and_no_other(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(
        *(school.created(f"s-{number}", "parent-1") for number in range(3)),
        school.created("s-9", "parent-1", classId="9B"),
    )

    topic.deliver(school.assigned("teacher-1"))

    for number in range(3):
        assert school.people(f"s-{number}") == {"teacher-1": ADMIN, "parent-1": MEMBER}
    assert school.people("s-9") == {"parent-1": ADMIN}


def test_who_teaches_the_class_no_more_leaves_and_the_group_keeps_an_admin(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(school.assigned("teacher-1"), school.created("s-1", "parent-1"))

    topic.deliver(school.unassigned("teacher-1"))

    assert school.people() == {"parent-1": ADMIN}
    assert told(school) == ["Name of teacher-1 không còn trong nhóm"]


def test_a_student_who_changes_class_gets_the_teachers_of_the_new_one(
    topic: RosterTopic, school: School
) -> None:
    topic.deliver(
        school.assigned("teacher-1"),
        school.assigned("teacher-2"),
        school.assigned("teacher-2", "9B"),
        school.assigned("teacher-3", "9B"),
        school.created("s-1", "parent-1"),
    )

    topic.deliver(school.moved("s-1", "9B"))

    assert school.people() == {"teacher-2": ADMIN, "teacher-3": ADMIN, "parent-1": MEMBER}
    assert school.group()["classId"] == "9B"
    assert told(school) == [
        "Name of teacher-3 đã tham gia",
        "Name of teacher-1 không còn trong nhóm",
    ]


def test_later_names_win(topic: RosterTopic, school: School) -> None:
    topic.deliver(school.assigned("teacher-1"), school.created("s-1", "parent-1"))
    group = school.group()

    topic.deliver(
        school.assigned("teacher-1", teacherName="Cô Mai"),
        school.created("s-1", "parent-1", studentName="An"),
        school.enrolled("s-1", "parent-1", parentName="Bà Lan"),
    )

    assert school.group()["name"] == "Student: An"
    found = collection("participants").find({"conversationId": group["_id"]})
    assert {each["userName"] for each in found} == {"Cô Mai", "Bà Lan"}
    [known] = cache.look_up([Lookup(group["_id"], "parent-1")])
    assert known.settings is not None
    assert (known.settings.name, known.membership.user_name) == ("Student: An", "Bà Lan")


def test_ids_and_dates_are_read_as_dotnet_writes_them(topic: RosterTopic, school: School) -> None:
    student = "0199AAAA-1111-7222-8333-444455556666"

    topic.deliver(
        school.assigned("teacher-1", "ABCDEF00-1111-7222-8333-444455556666"),
        school.created(
            student,
            "0199AAAA-0000-7222-8333-444455556666",
            classId="abcdef00-1111-7222-8333-444455556666",
            occurredOn="2025-09-05T14:00:00.1234567+07:00",
            unknownField={"a": 1},
        ),
    )

    assert school.people(student.lower()) == {
        "teacher-1": ADMIN,
        "0199aaaa-0000-7222-8333-444455556666": MEMBER,
    }


def test_an_event_without_id_and_date_is_taken_as_its_record_came(
    topic: RosterTopic, school: School
) -> None:
    event_type, body = school.created("s-1", "parent-1")
    del body["id"], body["occurredOn"]

    topic.deliver((event_type, body))
    topic.deliver((event_type, body))

    assert school.people() == {"parent-1": ADMIN}


def test_the_same_ids_in_two_schools_are_two_students(topic: RosterTopic, school: School) -> None:
    other = School()
    topic.deliver(
        school.assigned("teacher-1"),
        school.created("s-1", "parent-1"),
        other.created("s-1", "parent-2"),
    )

    topic.deliver(other.assigned("teacher-2"), school.moved("s-1", "9B"))

    assert school.people() == {"parent-1": ADMIN}
    assert other.people() == {"teacher-2": ADMIN, "parent-2": MEMBER}


def test_two_students_whose_ids_make_one_key_do_not_share_a_group(topic: RosterTopic) -> None:
    first, second = School("school:a-" + uuid4().hex[:6]), School()
    second.tenant_id = first.tenant_id.partition(":")[0]
    topic.deliver(first.created("s-1", "parent-1"))

    topic.deliver(second.created(f"{first.tenant_id.partition(':')[2]}:s-1", "parent-2"))

    assert first.people() == {"parent-1": ADMIN}
    keys = [each["key"] for each in second.groups() if each["studentId"].endswith(":s-1")]
    assert keys == []

"""What comes over of a conversation: its people, what they have read, and what a group is about."""

from uuid import uuid4

import pytest

from chat_project.mongodb import collection
from chat_project.timestamps import format_timestamp
from tests.history.conftest import SCHOOL, AsUser, assert_sound, brought, data_of, shown
from tests.history.replaced import (
    ADMIN,
    BEGINNING,
    CHANNEL,
    CLASS_GROUP,
    READ_ONLY,
    STUDENT_GROUP,
    Replaced,
    after,
)


def test_a_conversation_keeps_its_people_and_what_each_has_read(
    replaced: Replaced, as_user: AsUser
) -> None:
    mai, dung, lan, moi = (str(uuid4()) for _ in range(4))
    people = [
        replaced.person(mai, "Mai", ADMIN, LastReadAt=after(2)),
        replaced.person(dung, "Dũng", UnreadCount=17),
        replaced.person(lan, "Lan", READ_ONLY, LastReadAt=after(9)),
        replaced.person(moi, "Mới", JoinedAt=after(2.5)),
    ]
    id_ = replaced.conversation(
        SCHOOL, people, kind=CHANNEL, name="Thông báo", UpdatedAt=after(4), IsActive=False
    )
    for minute in (1, 2, 3):
        replaced.message(id_, mai, f"Tin {minute}", minutes=minute)
    last = replaced.message(id_, lan, "Xem rồi", minutes=4)

    outcome = brought(replaced)

    shown_to = data_of(as_user(dung, SCHOOL).get(f"/api/v1/conversations/{id_}"))
    assert (shown_to["type"], shown_to["name"]) == ("AnnouncementChannel", "Thông báo")
    assert shown_to["isActive"] is False
    assert (shown_to["createdAt"], shown_to["updatedAt"]) == (
        format_timestamp(BEGINNING),
        shown(4),
    )
    assert shown_to["lastMessage"]["messageId"] == last
    assert shown_to["lastMessage"]["seq"] == 4
    roles = {each["userName"]: each["role"] for each in shown_to["participants"]}
    assert roles == {"Mai": "Admin", "Dũng": "Member", "Lan": "ReadOnly", "Mới": "Member"}
    read_at = {each["userName"]: each["lastReadAt"] for each in shown_to["participants"]}
    assert read_at == {"Mai": shown(2), "Dũng": None, "Lan": shown(9), "Mới": None}
    unread = {
        name: data_of(as_user(user, SCHOOL).get(f"/api/v1/conversations/{id_}"))["unreadCount"]
        for name, user in (("Mai", mai), ("Dũng", dung), ("Lan", lan), ("Mới", moi))
    }
    assert unread == {"Mai": 1, "Dũng": 4, "Lan": 0, "Mới": 2}
    assert outcome["notes"]["wrong_unread"] == 3
    listed = data_of(
        as_user(dung, SCHOOL).get(f"/api/v1/conversations/user/{dung}", includeArchived="true")
    )
    assert [each["conversationId"] for each in listed["items"]] == [id_]
    assert_sound(id_)


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        (STUDENT_GROUP, "Student: Bé An", "StudentGroup"),
        (CLASS_GROUP, "Class: 5A", "ClassGroup"),
    ],
)
def test_what_a_group_is_about_comes_with_it(
    replaced: Replaced, as_user: AsUser, kind: int, name: str, expected: str
) -> None:
    mai, student, class_ = (str(uuid4()) for _ in range(3))
    metadata = {
        "StudentId": student,
        "StudentName": "Bé An",
        "ClassId": class_,
        "ClassName": "5A",
    }
    people = [replaced.person(mai, "Mai", ADMIN)]
    id_ = replaced.conversation(SCHOOL, people, kind=kind, name=name, metadata=metadata)

    brought(replaced)

    found = data_of(as_user(mai, SCHOOL).get(f"/api/v1/conversations/class/{class_}"))["items"]
    assert [(each["conversationId"], each["type"]) for each in found] == [(id_, expected)]
    told = found[0]["metadata"]
    assert (told["studentId"], told["classId"]) == (student, class_)
    names = (told["studentName"], told["className"])
    assert names == (("Bé An", None) if kind == STUDENT_GROUP else (None, "5A"))
    document = collection("conversations").find_one({"_id": id_}) or {}
    is_student = kind == STUDENT_GROUP
    assert document["key"] == (f"student:{SCHOOL}:{student}" if is_student else id_)
    assert_sound(id_)


def test_names_are_cleaned_of_controls(replaced: Replaced) -> None:
    mai = str(uuid4())
    people = [replaced.person(mai, "Phạm\nMai\u202e")]
    id_ = replaced.conversation(SCHOOL, people, kind=CHANNEL, name="Thông\tbáo\u2066")
    replaced.message(id_, mai, "Tin", minutes=1)

    brought(replaced)

    assert (collection("conversations").find_one({"_id": id_}) or {})["name"] == "Thông báo"
    [person] = collection("participants").find({"conversationId": id_})
    assert person["userName"] == "Phạm Mai"

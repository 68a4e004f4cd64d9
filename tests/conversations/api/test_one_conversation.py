"""One conversation: reading it, its name, its archive, and what counts at once."""

from typing import Any

import pytest

from chat_project.mongodb import collection
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    NOON,
    data_of,
    error_of,
    founded,
    named,
    refusal,
    roles,
    say,
    shown,
    talk,
    teacher_group,
)

TEXT = "/api/v1/messages/text"


def path_of(conversation: Any, action: str = "") -> str:
    path: str = CONVERSATIONS + conversation["conversationId"]
    return f"{path}/{action}" if action else path


@pytest.fixture
def room(mai: Api, colleague: Api) -> Any:
    return teacher_group(mai, colleague)


def test_each_reader_sees_their_own_role_and_unread(mai: Api, colleague: Api, room: Any) -> None:
    message_id = say(room["conversationId"], 1, sender=mai)

    own, others = shown(mai, room["conversationId"]), shown(colleague, room["conversationId"])

    assert own["lastMessage"] == {
        "messageId": message_id,
        "seq": 1,
        "senderId": mai.user_id,
        "senderName": "Phạm Thị Mai",
        "content": "Tin nhắn 1",
        "sentAt": "2025-11-07T12:00:00.000Z",
    }
    assert own["lastActivityAt"] == "2025-11-07T12:00:00.000Z"
    assert (own["role"], own["unreadCount"]) == ("Admin", 0)
    assert (others["role"], others["unreadCount"]) == ("Member", 1)
    assert own.keys() == others.keys() == room.keys()


def test_when_a_participant_read_last_is_shown(mai: Api, colleague: Api, room: Any) -> None:
    pair = {"conversationId": room["conversationId"], "userId": colleague.user_id}
    collection("participants").update_one(pair, {"$set": {"readAt": NOON}})

    people = shown(mai, room["conversationId"])["participants"]

    read = {each["userId"]: each["lastReadAt"] for each in people}
    assert read == {mai.user_id: None, colleague.user_id: "2025-11-07T12:00:00.000Z"}


def test_ids_in_the_path_match_without_case(mai: Api, room: Any) -> None:
    assert data_of(mai.get(path_of(room).upper())) == room


def test_an_admin_renames_it(mai: Api, colleague: Api, room: Any) -> None:
    renamed = data_of(mai.put(path_of(room), {"NAME": " Tổ Toán - Tin "}))

    assert renamed["name"] == "Tổ Toán - Tin"
    assert renamed["updatedAt"] >= room["updatedAt"]
    assert shown(colleague, room["conversationId"])["name"] == "Tổ Toán - Tin"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_field"),
        ({"name": None}, "invalid_field"),
        ({"name": " "}, "name_empty"),
        ({"name": "ă" * 256}, "name_too_long"),
    ],
    ids=["missing", "null", "blank", "long"],
)
def test_what_is_no_name_is_refused(mai: Api, room: Any, body: Any, code: str) -> None:
    response = mai.put(path_of(room), body)

    assert refusal(response) == (400, code)
    assert error_of(response)["details"]["field"] == "name"
    assert shown(mai, room["conversationId"])["name"] == room["name"]


def test_a_name_of_255_units_is_taken(mai: Api, room: Any) -> None:
    name = "😀" * 127 + "a"

    assert data_of(mai.put(path_of(room), {"name": name}))["name"] == name


def test_what_is_named_after_its_people_is_not_renamed(mai: Api, parent: Api) -> None:
    student = {"studentId": "s", "studentName": "Anh", "parents": [named(parent)]}
    fixed = [
        talk(mai, parent),
        founded(mai, "student-group", {**student, "teachers": [named(mai)]}),
        founded(mai, "class-group", {"classId": "c", "className": "A", "teachers": [named(mai)]}),
    ]

    for conversation in fixed:
        response = mai.put(path_of(conversation), {"name": "Lớp của cô Mai"})
        assert refusal(response) == (409, "rename_not_allowed")
        assert shown(mai, conversation["conversationId"])["name"] == conversation["name"]


def test_an_archived_conversation_is_read_and_not_written(
    mai: Api, colleague: Api, room: Any
) -> None:
    text = {"conversationId": room["conversationId"], "content": "Chào"}
    assert colleague.post(TEXT, text).status_code == 200

    archived = data_of(mai.put(path_of(room, "archive")))
    again = data_of(mai.put(path_of(room, "archive")))

    assert (archived["isActive"], again["isActive"]) == (False, False)
    assert refusal(colleague.post(TEXT, text)) == (409, "conversation_archived")
    assert shown(colleague, room["conversationId"])["isActive"] is False
    assert data_of(mai.put(path_of(room, "unarchive"), {}))["isActive"] is True
    assert colleague.post(TEXT, text).status_code == 200


def test_either_of_two_archives_a_one_to_one(mai: Api, parent: Api) -> None:
    conversation = talk(mai, parent)

    assert data_of(parent.put(path_of(conversation, "archive")))["isActive"] is False
    assert data_of(mai.put(path_of(conversation, "unarchive")))["isActive"] is True


def test_who_is_removed_cannot_write_or_read_any_more(mai: Api, colleague: Api, room: Any) -> None:
    text = {"conversationId": room["conversationId"], "content": "Chào"}
    assert colleague.post(TEXT, text).status_code == 200

    removed = mai.delete(path_of(room, f"participants/{colleague.user_id.upper()}"))

    assert roles(data_of(removed)) == {mai.user_id: "Admin"}
    assert refusal(colleague.post(TEXT, text)) == (403, "not_a_participant")
    assert refusal(colleague.get(path_of(room))) == (403, "not_a_participant")


@pytest.mark.parametrize("action", ["archive", "unarchive", "hide", "unhide"])
def test_a_body_that_is_not_needed_must_not_name_others(mai: Api, room: Any, action: str) -> None:
    own = mai.put(path_of(room, action), {"userId": mai.user_id, "reason": "done"})
    others = mai.put(path_of(room, action), {"userId": "somebody"})

    assert own.status_code == 200
    assert refusal(others) == (403, "user_mismatch")

"""Founding again by who is not in the conversation, or no longer: nothing of what came since."""

from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import services
from conversations.values import Person, Role
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    NOON,
    data_of,
    founded,
    named,
    refusal,
    roles,
    say,
    shown,
)


def student_body(parent: Api, *teachers: Api) -> dict[str, Any]:
    return {
        "studentId": new_id(),
        "studentName": "Minh Anh",
        "parents": [named(parent)],
        "teachers": [named(each) for each in teachers],
    }


def go_on_without(conversation: Any, founder: Api, parent: Api, newcomer: Person) -> None:
    """The founder is removed, a newcomer joins, the parent reads and writes."""
    conversation_id = conversation["conversationId"]
    if founder.user_id in roles(conversation):
        services.remove_participant(conversation_id, founder.user_id)
    services.add_participants(conversation_id, [newcomer], None)
    say(conversation_id, 1, sender=parent)
    pair = {"conversationId": conversation_id, "userId": parent.user_id}
    collection("participants").update_one(pair, {"$set": {"readSeq": 1, "readAt": NOON}})


def assert_tells_nothing_new(again: Any, first: Any, parent: Api) -> None:
    assert again["conversationId"] == first["conversationId"]
    assert (again["lastMessage"], again["role"], again["unreadCount"]) == (None, None, 0)
    assert again["lastActivityAt"] == first["createdAt"]
    assert parent.user_id in roles(again)
    assert roles(again).items() <= roles(first).items()
    assert [each["lastReadAt"] for each in again["participants"]] == [None] * len(roles(again))


@pytest.mark.parametrize("headers", [{}, {"idempotency_key": "k"}], ids=["no key", "a key"])
def test_a_removed_founder_founds_a_student_group_again(
    mai: Api, colleague: Api, parent: Api, headers: dict[str, str]
) -> None:
    body = student_body(parent, mai, colleague)
    first = founded(mai, "student-group", body, **headers)
    go_on_without(first, mai, parent, Person(new_id(), "Đỗ Quang Huy"))

    again = founded(mai, "student-group", body, **headers)

    assert_tells_nothing_new(again, first, parent)
    assert set(roles(again)) == {colleague.user_id, parent.user_id}


def test_a_removed_founder_repeats_any_founding_by_its_key(
    mai: Api, colleague: Api, parent: Api
) -> None:
    body = {"name": "Thông báo", "staff": [named(colleague)], "parents": [named(parent)]}
    first = founded(mai, "announcement-channel", body, idempotency_key="k")
    services.add_participants(
        first["conversationId"], [Person(new_id(), "Hiệu trưởng")], Role.ADMIN
    )
    go_on_without(first, mai, parent, Person(new_id(), "Đỗ Quang Huy"))

    again = founded(mai, "announcement-channel", body, idempotency_key="k")

    assert_tells_nothing_new(again, first, parent)


def test_who_never_was_in_it_gets_the_same_answer_as_before_the_first_message(
    mai: Api, colleague: Api, parent: Api
) -> None:
    body = student_body(parent, colleague)
    first = founded(mai, "student-group", body)
    assert roles(first) == {colleague.user_id: "Admin", parent.user_id: "Member"}
    go_on_without(first, mai, parent, Person(new_id(), "Đỗ Quang Huy"))

    again = founded(mai, "student-group", body)

    later = {"updatedAt", "participantCount"}
    assert {name: value for name, value in again.items() if name not in later} == {
        name: value for name, value in first.items() if name not in later
    }


def test_who_is_still_in_it_gets_it_as_it_is(mai: Api, parent: Api) -> None:
    body = student_body(parent, mai)
    first = founded(mai, "student-group", body)
    message_id = say(first["conversationId"], 1, sender=parent)

    again = founded(mai, "student-group", body)

    assert again == shown(mai, first["conversationId"])
    assert again["lastMessage"]["messageId"] == message_id


def test_who_did_not_found_it_is_refused_as_before(mai: Api, colleague: Api, parent: Api) -> None:
    body = student_body(parent, mai)
    data_of(mai.post(CONVERSATIONS + "student-group", body))

    response = colleague.post(CONVERSATIONS + "student-group", body)

    assert refusal(response) == (403, "not_a_participant")

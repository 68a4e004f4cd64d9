"""A message has room for so many reactions, and so many of one user: more are refused."""

from typing import Any

import pytest

from chat_project.mongodb import collection
from conversations import services
from conversations.values import ConversationSettings, Role
from messaging.changes import MAX_REACTIONS, MAX_REACTIONS_OF_A_USER
from tests.conftest import Api
from tests.messaging.conftest import (
    MESSAGES,
    NOON,
    data_of,
    error_of,
    records_in,
    store_message,
)


def reactions_of(user_id: str, count: int) -> list[dict[str, Any]]:
    return [
        {"emojiCode": f"emoji {number}", "userId": user_id, "reactedAt": NOON}
        for number in range(count)
    ]


def react(user: Api, message_id: str, emoji: str) -> Any:
    return user.post(f"{MESSAGES}{message_id}/reactions", {"emojiCode": emoji})


@pytest.fixture
def filled_by_mai(mai: Api, group: ConversationSettings) -> str:
    return store_message(group, 1, reactions=reactions_of(mai.user_id, MAX_REACTIONS_OF_A_USER))


@pytest.fixture
def full(group: ConversationSettings) -> str:
    found = [each for n in range(MAX_REACTIONS) for each in reactions_of(f"reader-{n}", 1)]
    return store_message(group, 1, reactions=found)


def assert_refused(response: Any) -> None:
    assert (response.status_code, error_of(response)["code"]) == (409, "too_many_reactions")
    limits = {"limit": MAX_REACTIONS, "limitOfAUser": MAX_REACTIONS_OF_A_USER}
    assert error_of(response)["details"] == limits


def test_one_too_many_of_a_user_is_refused_and_others_still_react(
    mai: Api, colleague: Api, group: ConversationSettings, filled_by_mai: str
) -> None:
    services.change_role(group.id, colleague.user_id, Role.READ_ONLY)

    assert_refused(react(mai, filled_by_mai, "one too many"))
    assert records_in(group.id) == []
    assert len(data_of(react(colleague, filled_by_mai, "👍"))["reactions"]) == 21


def test_one_too_many_of_all_is_refused(mai: Api, group: ConversationSettings, full: str) -> None:
    assert_refused(react(mai, full, "👍"))
    assert records_in(group.id) == []


def test_one_that_is_there_is_no_error_and_one_that_is_taken_back_makes_room(
    mai: Api, filled_by_mai: str
) -> None:
    again = data_of(react(mai, filled_by_mai, "emoji 0"))
    assert len(again["reactions"]) == MAX_REACTIONS_OF_A_USER

    data_of(mai.delete(f"{MESSAGES}{filled_by_mai}/reactions?emoji=emoji 0"))
    left = reactions_of(mai.user_id, MAX_REACTIONS_OF_A_USER)[1:]
    collection("messages").update_one({"_id": filled_by_mai}, {"$set": {"reactions": left}})
    data_of(react(mai, filled_by_mai, "one more"))

"""What clients see where the oldest messages of a conversation are kept no longer."""

from typing import Any

import pytest

from chat_project.mongodb import collection
from conversations.unread import unread_counts
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import (
    HISTORY,
    MESSAGES,
    Calls,
    data_of,
    minutes_after_noon,
    store_message,
)


@pytest.fixture
def purged(group: ConversationSettings) -> ConversationSettings:
    """Numbers 1 to 4 are gone, 5 to 8 are there."""
    for seq in range(5, 9):
        store_message(group, seq, sent_at=minutes_after_noon(seq))
    change = {"$set": {"lastSeq": 8, "purgedSeq": 4}}
    collection("conversations").update_one({"_id": group.id}, change)
    return group


def page(user: Api, group: ConversationSettings, **query: Any) -> Any:
    return data_of(user.get(HISTORY + group.id, **query))


@pytest.mark.parametrize(
    ("query", "numbers", "told"),
    [
        ({}, [8, 7, 6, 5], 4),
        ({"pageSize": 2}, [8, 7], None),
        ({"beforeSeq": 7, "pageSize": 2}, [6, 5], 4),
        ({"beforeSeq": 5}, [], 4),
        ({"afterSeq": 0, "pageSize": 2}, [6, 5], 4),
        ({"afterSeq": 4}, [8, 7, 6, 5], None),
        ({"afterSeq": 5, "pageSize": 2}, [7, 6], None),
    ],
    ids=["all", "newest", "last page", "behind it", "from zero", "from the border", "later"],
)
def test_a_page_that_comes_to_the_border_tells_it(
    mai: Api, purged: ConversationSettings, query: dict[str, Any], numbers: list[int], told: Any
) -> None:
    found = page(mai, purged, **query)

    assert [each["seq"] for each in found["messages"]] == numbers
    assert found.get("purgedSeq") == told


def test_of_a_whole_conversation_nothing_is_told_or_asked(
    mai: Api, group: ConversationSettings, calls: Calls
) -> None:
    for seq in range(1, 4):
        store_message(group, seq, sent_at=minutes_after_noon(seq))
    page(mai, group)
    before = calls.mongodb

    found = page(mai, group)

    assert "purgedSeq" not in found
    assert calls.mongodb - before == 2, "messages and readers"


def test_an_empty_conversation_tells_nothing(mai: Api, group: ConversationSettings) -> None:
    assert page(mai, group).keys() == {"messages", "hasMore", "oldestMessageTimestamp"}


def test_unread_counts_what_is_there(mai: Api, purged: ConversationSettings) -> None:
    assert unread_counts([(purged.id, mai.user_id)]) == {(purged.id, mai.user_id): 4}


def test_a_purged_message_is_not_found(mai: Api, group: ConversationSettings) -> None:
    message_id = store_message(group, 1)
    collection("messages").delete_one({"_id": message_id})

    assert mai.get(MESSAGES + message_id).status_code == 404

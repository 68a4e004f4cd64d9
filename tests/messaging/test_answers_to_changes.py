"""What a change answers of its message: as GET tells it now, but for the change."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from chat_project.mongodb import collection
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import (
    MESSAGES,
    NOON,
    TEXT,
    Calls,
    data_of,
    records_in,
    store_message,
    text_for,
)
from tests.messaging.storing import store_sent

AT_NOON = "2025-11-07T12:00:00.000Z"

Change = Callable[[Api, str], Any]

CHANGES: dict[str, tuple[Change, set[str]]] = {
    "edit": (lambda user, one: user.put(one, {"content": "Chào"}), {"content", "editedAt"}),
    "delete": (
        lambda user, one: user.delete(one),
        {"content", "isDeleted", "reactions", "isPinned", "pinnedBy", "pinnedAt"},
    ),
    "react": (
        lambda user, one: user.post(f"{one}/reactions", {"emojiCode": "👍"}),
        {"reactions"},
    ),
    "take a reaction back": (
        lambda user, one: user.delete(f"{one}/reactions?emoji=❤️"),
        {"reactions"},
    ),
    "pin once more": (lambda user, one: user.post(f"{one}/pin", None), set()),
    "unpin": (
        lambda user, one: user.post(f"{one}/unpin", None),
        {"isPinned", "pinnedBy", "pinnedAt"},
    ),
}
"""By name: the request, and the fields that it changes in the answer."""


@pytest.fixture
def read_by_all(mai: Api, colleague: Api, group: ConversationSettings) -> str:
    """Mai's message with a reaction and a pin of her colleague's, who has read it."""
    reaction = {"emojiCode": "❤️", "userId": colleague.user_id, "reactedAt": NOON}
    own = {"emojiCode": "❤️", "userId": mai.user_id, "reactedAt": NOON}
    pin = {"isPinned": True, "pinnedBy": colleague.user_id, "pinnedAt": NOON}
    stored = store_message(
        group,
        1,
        sent_at=datetime.now(UTC) - timedelta(minutes=1),
        senderId=mai.user_id,
        reactions=[reaction, own],
        **pin,
    )
    collection("participants").update_many(
        {"conversationId": group.id}, {"$set": {"readSeq": 1, "readAt": NOON}}
    )
    return stored


@pytest.mark.parametrize(("change", "changed"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_answers_who_has_read_the_message(
    mai: Api, colleague: Api, read_by_all: str, change: Change, changed: set[str]
) -> None:
    before = data_of(mai.get(MESSAGES + read_by_all))

    answer = data_of(change(mai, MESSAGES + read_by_all))

    assert (answer["status"], answer["readCount"]) == ("Read", 1)
    assert answer["readReceipts"] == [{"userId": colleague.user_id, "readAt": AT_NOON}]
    assert {name for name in before if answer[name] != before[name]} == changed


@pytest.mark.parametrize(("change", "_changed"), CHANGES.values(), ids=CHANGES.keys())
def test_a_change_costs_two_queries_a_round_trip_and_a_record(
    mai: Api,
    group: ConversationSettings,
    read_by_all: str,
    calls: Calls,
    change: Change,
    _changed: set[str],
) -> None:
    data_of(mai.get(MESSAGES + read_by_all))
    before = calls.redis, calls.mongodb, len(records_in(group.id))

    data_of(change(mai, MESSAGES + read_by_all))

    after = calls.redis, calls.mongodb, len(records_in(group.id))
    assert tuple(b - a for a, b in zip(before, after, strict=True)) == (1, 2, 1)


def test_an_edit_answers_the_mentions_that_its_text_leaves(
    mai: Api, group: ConversationSettings
) -> None:
    lan = {"userId": "lan", "startIndex": 9, "length": 3}
    mentions = [lan, {"userId": "everybody", "startIndex": 0, "length": 4}]
    text = text_for(group, "Chào chị Lan", mentions=mentions)
    message_id = data_of(mai.post(TEXT, text))["messageId"]
    store_sent(group.id)

    answer = data_of(mai.put(MESSAGES + message_id, {"content": "Chào 😀"}))

    assert [each["userId"] for each in answer["mentions"]] == ["everybody"]
    store_sent(group.id)
    assert data_of(mai.get(MESSAGES + message_id))["mentions"] == answer["mentions"]


def test_a_reaction_is_answered_with_the_name_that_is_stored(
    api: Any, mai: Api, new_conversation: Any
) -> None:
    """The participant's: a token may have another one, or none."""
    nameless = api(tenant_id=mai.tenant_id)
    group = new_conversation(mai, nameless)
    path = MESSAGES + store_message(group, 1)

    answer = data_of(nameless.post(f"{path}/reactions", {"emojiCode": "👍"}))

    event = msgspec.json.decode(records_in(group.id)[-1].value() or b"")
    assert answer["reactions"][0]["userName"] == event["userName"] == nameless.person.user_name


def test_a_refused_change_asks_for_no_readers(
    api: Any, mai: Api, group: ConversationSettings, read_by_all: str, calls: Calls
) -> None:
    stranger = api(tenant_id=mai.tenant_id)
    stranger.delete(MESSAGES + read_by_all)
    before = calls.mongodb

    assert stranger.delete(MESSAGES + read_by_all).status_code == 403

    assert not calls.profiled({"command.find": "participants", "command.hint": "conversation_read"})
    assert calls.mongodb - before <= 2

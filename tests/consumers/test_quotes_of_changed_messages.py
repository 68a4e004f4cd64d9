"""Replies in a batch with changes of what they answer: quoted as it was where the reply lies."""

from collections.abc import Callable
from typing import Any

import pytest

from chat_project.mongodb import collection
from consumers import heads, messages
from consumers.errors import RetryLater
from tests.consumers.conftest import Consumer, Log, stored
from tests.consumers.dying import die

MakeConversation = Callable[..., str]

EDITED, DELETED = "MessageEditedEvent", "MessageDeletedEvent"


@pytest.fixture
def room(conversation: MakeConversation) -> str:
    return conversation()


def say(log: Log, room: str) -> None:
    """A message and, before, between and behind its changes, replies to it."""
    message_id = log.send(room, content="seven")
    answer(log, room, message_id)
    log.change(EDITED, room, messageId=message_id, content="eight")
    log.change("MessagePinnedEvent", room, messageId=message_id)
    answer(log, room, message_id)
    log.change(EDITED, room, messageId=message_id, content="nine")
    answer(log, room, message_id)
    log.change(EDITED, room, messageId=message_id, content="ten")


def answer(log: Log, room: str, message_id: str) -> None:
    log.send(room, content="when?", replyToMessageId=message_id, replyToContent="claimed")


def quoted(room: str) -> list[str | None]:
    return [each["replyTo"].get("content") for each in stored(room) if "replyTo" in each]


@pytest.mark.parametrize("cut", range(9))
def test_a_reply_quotes_the_edit_before_it_however_the_log_is_cut(
    log: Log, consumer: Consumer, room: str, cut: int
) -> None:
    say(log, room)

    for part in (log.records[:cut], log.records[cut:]):
        consumer.apply(part)

    assert quoted(room) == ["seven", "eight", "nine"]


@pytest.mark.parametrize("cut", range(1, 9))
def test_a_redelivery_of_a_part_changes_no_quote(
    log: Log, room: str, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(log, room)
    with monkeypatch.context() as patch:
        patch.setattr(heads, "update_heads", die)
        with pytest.raises(RetryLater):
            Consumer(log.topic).assigned().apply(log.records[:cut])

    survivor = Consumer(log.topic).assigned()
    for part in (log.records[:3], log.records[3:]):
        survivor.apply(part)

    assert quoted(room) == ["seven", "eight", "nine"]


@pytest.mark.parametrize("cut", range(4))
def test_a_reply_behind_a_deletion_quotes_nothing(
    log: Log, consumer: Consumer, room: str, cut: int
) -> None:
    message_id = log.send(room, content="secret")
    log.change(DELETED, room, messageId=message_id)
    log.change(EDITED, room, messageId=message_id, content="secret again")
    answer(log, room, message_id)

    for part in (log.records[:cut], log.records[cut:]):
        consumer.apply(part)

    assert quoted(room) == [None]


def test_an_edit_that_becomes_a_dead_letter_is_not_quoted(
    log: Log, consumer: Consumer, room: str, conversation: MakeConversation
) -> None:
    message_id = log.send(room, content="seven")
    log.change(EDITED, room, messageId=message_id, content="eight", tenant_id="tenant-2")
    answer(log, room, message_id)

    consumer.apply(log.records)

    assert quoted(room) == ["seven"]


def test_an_edit_that_mongodb_refuses_is_not_quoted(
    log: Log, consumer: Consumer, room: str, forbidden: str
) -> None:
    message_id = log.send(room, content="seven")
    log.change(EDITED, room, messageId=message_id, content="eight")
    log.change(EDITED, room, messageId=message_id, content=forbidden)
    answer(log, room, message_id)

    consumer.apply(log.records)

    assert quoted(room) == ["eight"]


def test_a_zombie_does_not_quote_what_was_deleted_before(
    log: Log, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = log.send(room, content="secret")
    Consumer(log.topic).assigned().apply(log.records)
    log.change(DELETED, room, messageId=message_id)
    answer(log, room, message_id)
    zombie, owner = (Consumer(log.topic).assigned() for _ in range(2))
    insert = messages.insert

    def wake_up_late(documents: Any) -> Any:
        monkeypatch.setattr(messages, "insert", insert)
        owner.apply(log.records[1:2])
        insert(documents)
        raise RetryLater("the process died here")

    monkeypatch.setattr(messages, "insert", wake_up_late)
    with pytest.raises(RetryLater):
        zombie.apply(log.records[1:3])
    owner.apply(log.records[2:])

    assert quoted(room) == [None]


def test_a_stored_reply_that_comes_again_loses_the_text_of_a_deleted_message(
    log: Log, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = log.send(room, content="secret")
    log.change(DELETED, room, messageId=message_id)
    answer(log, room, message_id)
    with monkeypatch.context() as patch:
        patch.setattr(heads, "update_heads", die)
        with pytest.raises(RetryLater):
            Consumer(log.topic).assigned().apply(log.records)
    collection("messages").update_one(
        {"conversationId": room, "seq": 2}, {"$set": {"replyTo.content": "secret"}}
    )

    Consumer(log.topic).assigned().apply(log.records)

    assert quoted(room) == [None]

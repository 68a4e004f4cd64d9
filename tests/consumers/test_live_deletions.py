"""What a batch deletes or redacts is not told live, neither as a message nor as a quote."""

from collections.abc import Callable
from typing import Any

import pytest

from realtime.publisher import conversation_channel
from tests.consumers.conftest import Consumer, Log
from tests.consumers.listener import Listener

DELETED, EDITED = "MessageDeletedEvent", "MessageEditedEvent"
LIVE = {"age_seconds": 1.0}

Told = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def room(conversation: Callable[..., str], listener: Listener) -> str:
    made = conversation()
    listener.on(conversation_channel(made))
    return made


def applied(consumer: Consumer, log: Log, listener: Listener, since: int = 0) -> Told:
    """What is heard of the log's records from the given offset, as one batch."""
    consumer.apply(log.records[since:])
    return listener.heard()


def test_a_message_that_is_deleted_in_its_batch_is_told_as_deleted(
    log: Log, consumer: Consumer, room: str, listener: Listener
) -> None:
    message_id = log.send(room, content="secret", attachments=[{"attachmentId": "f-1"}], **LIVE)
    log.change(DELETED, room, messageId=message_id, **LIVE)

    (sent, dto), (deleted, _) = applied(consumer, log, listener)

    assert (sent, deleted) == ("ReceiveMessage", "MessageDeleted")
    assert (dto["messageId"], dto["isDeleted"], dto["seq"]) == (message_id, True, 1)
    assert (dto["content"], dto["attachments"]) == ("[Message deleted]", [])


@pytest.mark.parametrize("is_late", [False, True], ids=["live", "deleted long ago"])
def test_a_reply_does_not_quote_what_is_deleted_before_it_in_the_batch(
    log: Log, consumer: Consumer, room: str, listener: Listener, is_late: bool
) -> None:
    message_id = log.send(room, content="secret")
    consumer.apply(log.records)
    listener.heard()
    log.change(DELETED, room, messageId=message_id, age_seconds=600.0 if is_late else 1.0)
    log.send(room, content="reply", replyToMessageId=message_id, **LIVE)

    told = dict(applied(consumer, log, listener, since=1))

    assert told["ReceiveMessage"]["content"] == "reply"
    quote = {"messageId": message_id, "content": None, "senderName": "An"}
    assert told["ReceiveMessage"]["replyTo"] == quote
    assert ("Resync" if is_late else "MessageDeleted") in told


def test_a_reply_does_not_quote_what_is_deleted_behind_it_in_the_batch(
    log: Log, consumer: Consumer, room: str, listener: Listener
) -> None:
    message_id = log.send(room, content="secret", **LIVE)
    log.send(room, content="reply", replyToMessageId=message_id, replyToContent="secret", **LIVE)
    log.change(DELETED, room, messageId=message_id, **LIVE)

    told = applied(consumer, log, listener)

    assert [name for name, _ in told] == ["ReceiveMessage", "ReceiveMessage", "MessageDeleted"]
    assert "secret" not in str(told)


def test_what_is_redacted_is_told_as_it_reads_now(
    log: Log, consumer: Consumer, room: str, listener: Listener
) -> None:
    message_id = log.send(room, content="Lan said", **LIVE)
    log.send(room, content="reply", replyToMessageId=message_id, **LIVE)
    log.change(EDITED, room, messageId=message_id, content="███ said", redacts=True, **LIVE)

    told = applied(consumer, log, listener)

    assert [name for name, _ in told] == ["ReceiveMessage", "ReceiveMessage", "MessageEdited"]
    assert told[0][1]["content"] == told[1][1]["replyTo"]["content"] == "███ said"
    assert "Lan" not in str(told)


def test_an_edit_is_told_after_the_text_that_it_replaces(
    log: Log, consumer: Consumer, room: str, listener: Listener
) -> None:
    message_id = log.send(room, content="before", **LIVE)
    log.change(EDITED, room, messageId=message_id, content="after", **LIVE)

    told = applied(consumer, log, listener)

    assert [dto["content"] for _, dto in told] == ["before", "after"]


def test_what_is_gone_by_then_is_not_told(
    log: Log,
    consumer: Consumer,
    room: str,
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    message_id = log.send(room, content="purged meanwhile", **LIVE)
    log.change(DELETED, room, messageId=message_id, **LIVE)
    monkeypatch.setattr("consumers.effects.read_documents", lambda _: [])

    assert applied(consumer, log, listener) == []

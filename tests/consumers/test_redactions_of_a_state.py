"""A redaction that names what it replaces: it counts only while the message is as it was then."""

from collections.abc import Callable
from typing import Any

import pytest

from chat_project.mongodb import collection
from consumers import changes
from consumers.errors import RetryLater
from tests.consumers.conftest import Consumer, Log, stored

EDITED, REACTED = "MessageEditedEvent", "MessageReactionAddedEvent"
GONE = "███"


@pytest.fixture
def message_id(log: Log, conversation: Callable[..., str]) -> str:
    """Stored, and answered by a reply that quotes it."""
    room = conversation()
    made = log.send(room, content="Nga said")
    log.send(room, replyToMessageId=made)
    Consumer(log.topic).assigned().apply(log.records)
    return made


def document(message_id: str) -> dict[str, Any]:
    return collection("messages").find_one({"_id": message_id}) or {}


def quoted(message_id: str) -> list[str]:
    replies = stored(document(message_id)["conversationId"])[1:]
    return [each["replyTo"]["content"] for each in replies]


def change(log: Log, message_id: str, kind: str = EDITED, **fields: Any) -> None:
    log.change(kind, document(message_id)["conversationId"], messageId=message_id, **fields)


def redact(log: Log, message_id: str, offset: int) -> None:
    """Made of the text that this record left."""
    place = {**document(message_id)["src"], "o": offset}
    replaces = {name: place[name] for name in ("t", "p", "o")}
    change(log, message_id, content=GONE, redacts=True, replaces=replaces)


@pytest.mark.parametrize("cut", range(2, 6))
def test_it_counts_if_nothing_came_since(log: Log, message_id: str, cut: int) -> None:
    change(log, message_id, content="Nga said so")
    redact(log, message_id, 2)
    redact(log, message_id, 2)  # as sent twice

    for part in (log.records[2:cut], log.records[cut:]):
        Consumer(log.topic).assigned().apply(part)

    after = document(message_id)
    assert (after["content"], "history" in after, after["rev"]["o"]) == (GONE, False, 4)
    assert quoted(message_id) == [GONE]


@pytest.mark.parametrize("kind", [EDITED, REACTED])
@pytest.mark.parametrize("cut", range(2, 6))
def test_it_does_nothing_if_something_came_since(
    log: Log, message_id: str, cut: int, kind: str
) -> None:
    change(log, message_id, kind, content="she said", emojiCode="x")
    redact(log, message_id, 0)
    log.send(document(message_id)["conversationId"], replyToMessageId=message_id)
    now = "she said" if kind == EDITED else "Nga said"

    for part in (log.records[2:cut], log.records[cut:]):
        Consumer(log.topic).assigned().apply(part)

    assert (document(message_id)["content"], quoted(message_id)) == (now, ["Nga said", now])


def test_a_death_before_the_quotes_followed_is_mended_by_the_redelivery(
    log: Log, message_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    redact(log, message_id, 0)

    def die(_: object) -> None:
        raise RetryLater("the process died here")

    with monkeypatch.context() as patch:
        patch.setattr(changes, "_of_quotes", die)
        with pytest.raises(RetryLater):
            Consumer(log.topic).assigned().apply(log.records[2:])
    assert (document(message_id)["content"], quoted(message_id)) == (GONE, ["Nga said"])

    Consumer(log.topic).assigned().apply(log.records[2:])

    assert quoted(message_id) == [GONE]

"""Changes that MongoDB refuses: dead letters, and never in the way of what lies behind them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import bson
import pytest

from chat_project.mongodb import collection
from consumers import heads
from consumers.dead_letters import DeadLetter, Kept
from consumers.errors import RetryLater
from consumers.writer import MAX_PASSES
from tests.consumers.conftest import Consumer, ListedDeadLetters, Log, head, stored
from tests.consumers.dying import die

MAX_DOCUMENT_BYTES = 16 * 2**20
EDITED, PINNED, REACTED = "MessageEditedEvent", "MessagePinnedEvent", "MessageReactionAddedEvent"


@pytest.fixture
def room(conversation: Callable[..., str]) -> str:
    return conversation(names={"user-1": "An"})


def reasons(message_id: str) -> list[str]:
    found = collection("dead_letters").find({"messageId": message_id}).sort("offset", 1)
    return [f"{each['reason']} {each['error'].split(':')[0]}" for each in found]


def grow(message_id: str, *, room_bytes: int) -> None:
    """Leaves the document so many bytes below MongoDB's limit."""
    document = collection("messages").find_one({"_id": message_id}) or {}
    size = len(bson.encode({**document, "padding": ""}))
    padding = "x" * (MAX_DOCUMENT_BYTES - size - room_bytes)
    collection("messages").update_one({"_id": message_id}, {"$set": {"padding": padding}})


@pytest.mark.parametrize(
    ("kind", "fields"),
    [(EDITED, {"content": "x" * 4_000}), (REACTED, {"emojiCode": "x", "userName": "n" * 255})],
    ids=["an edit", "a reaction"],
)
def test_a_change_that_makes_its_document_too_large_is_a_dead_letter(
    log: Log, consumer: Consumer, room: str, kind: str, fields: dict[str, Any]
) -> None:
    full = log.send(room, content="full")
    consumer.apply(log.records)
    grow(full, room_bytes=200)
    log.change(kind, room, messageId=full, **fields)
    log.change(PINNED, room, messageId=full)
    log.send(room, content="behind it")

    consumer.apply(log.records[1:])

    first, second = stored(room)
    collection("messages").delete_one({"_id": full})
    assert [letter.record.offset for letter in consumer.dead_letters.letters] == [1]
    [reason] = reasons(full)
    assert reason in ("refused_by_database 10334", "refused_by_database 17419")
    assert (first["content"], "reactions" in first, first["isPinned"]) == ("full", False, True)
    assert second["content"] == "behind it"
    assert head(room)["log"][f"p{log.records[-1].partition}"]["o"] == 3


def test_what_lies_around_a_refused_change_is_applied_once(
    log: Log, consumer: Consumer, room: str, forbidden: str
) -> None:
    ids = [log.send(room, content=f"{number}") for number in range(2)]
    log.change(EDITED, room, messageId=ids[0], content="before")
    log.change(EDITED, room, messageId=ids[0], content=forbidden)
    log.change(EDITED, room, messageId=ids[0], content="behind")
    log.change(EDITED, room, messageId=ids[1], content="elsewhere")

    consumer.apply(log.records)
    before = stored(room), head(room)
    Consumer(log.topic).assigned().apply(log.records)

    assert (stored(room), head(room)) == before
    first, second = before[0]
    assert [each["content"] for each in first["history"]] == ["0", "before"]
    assert (first["content"], second["content"]) == ("behind", "elsewhere")
    assert reasons(ids[0]) == ["refused_by_database 121"]


def test_more_are_refused_in_a_batch_than_it_has_passes(
    log: Log, consumer: Consumer, room: str, forbidden: str
) -> None:
    message_id = log.send(room)
    for _ in range(MAX_PASSES + 5):
        log.change(EDITED, room, messageId=message_id, content=forbidden)
    log.change(EDITED, room, messageId=message_id, content="behind")

    consumer.apply(log.records)

    assert len(reasons(message_id)) == MAX_PASSES + 5
    assert stored(room)[0]["content"] == "behind"


class TopicAway(ListedDeadLetters):
    """A dead-letter topic that cannot be reached."""

    def produce(self, letters: Sequence[DeadLetter]) -> Mapping[str, Kept]:
        raise RetryLater("the topic is away")


def test_nothing_behind_a_refused_change_hides_it_before_it_is_buried(
    log: Log, room: str, forbidden: str
) -> None:
    message_id = log.send(room)
    log.change(EDITED, room, messageId=message_id, content=forbidden)
    log.change(PINNED, room, messageId=message_id)

    with pytest.raises(RetryLater):
        Consumer(log.topic, topic_of_letters=TopicAway()).assigned().apply(log.records)
    assert "isPinned" not in stored(room)[0]

    consumer = Consumer(log.topic).assigned()
    consumer.apply(log.records)
    assert [letter.record.offset for letter in consumer.dead_letters.letters] == [1]
    assert stored(room)[0]["isPinned"]


def test_a_crash_before_the_heads_leaves_the_dead_letter(
    log: Log, consumer: Consumer, room: str, forbidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = log.send(room)
    log.change(EDITED, room, messageId=message_id, content=forbidden)
    log.change(PINNED, room, messageId=message_id)
    with monkeypatch.context() as patch:
        patch.setattr(heads, "update_heads", die)
        with pytest.raises(RetryLater):
            consumer.apply(log.records)

    Consumer(log.topic).assigned().apply(log.records)

    assert reasons(message_id) == ["refused_by_database 121"]
    assert stored(room)[0]["isPinned"]

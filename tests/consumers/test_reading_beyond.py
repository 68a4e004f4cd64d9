"""Nobody has read what was not there: a position ends at the last message before it in the log."""

from collections.abc import Callable

import pytest

from chat_project.mongodb import collection
from consumers import heads
from consumers.errors import RetryLater
from realtime.publisher import conversation_channel
from tests.consumers.conftest import Consumer, Log
from tests.consumers.dying import die
from tests.consumers.listener import Listener

AT = "2025-11-07T10:06:00.000Z"
BEYOND = 1_000_000


@pytest.fixture
def room(conversation: Callable[..., str]) -> str:
    return conversation(names={"reader": "Bình"})


def read(log: Log, room: str, up_to_seq: int) -> None:
    fields = {"userId": "reader", "upToSeq": up_to_seq, "readAt": AT}
    log.change("MessagesReadEvent", room, age_seconds=1.0, **fields)


def position(room: str) -> int:
    found = collection("participants").find_one({"conversationId": room, "userId": "reader"}) or {}
    return int(found["readSeq"])


def fill(log: Log, room: str) -> None:
    """Two messages, a read far beyond, and two messages that it did not see."""
    for _ in range(2):
        log.send(room)
    read(log, room, BEYOND)
    for _ in range(2):
        log.send(room)


@pytest.mark.parametrize("cut", range(6))
def test_a_position_beyond_ends_at_the_last_message_before_it(
    log: Log, consumer: Consumer, room: str, cut: int
) -> None:
    fill(log, room)

    for part in (log.records[:cut], log.records[cut:]):
        consumer.apply(part)

    assert position(room) == 2


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_redelivery_ends_at_the_same_message(
    log: Log, room: str, cut: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(log, room)
    with monkeypatch.context() as patch:
        patch.setattr(heads, "update_heads", die)
        with pytest.raises(RetryLater):
            Consumer(log.topic).assigned().apply(log.records)

    survivor = Consumer(log.topic).assigned()
    for part in (log.records[:cut], log.records[cut:]):
        survivor.apply(part)

    assert position(room) == 2


def test_what_is_told_is_where_the_reader_stands(
    log: Log, consumer: Consumer, room: str, listener: Listener
) -> None:
    fill(log, room)
    listener.on(conversation_channel(room))

    consumer.apply(log.records)

    told = [data["upToSeq"] for name, data in listener.heard() if name == "MessagesRead"]
    assert told == [2]


def test_a_position_that_is_beyond_already_stays(log: Log, consumer: Consumer, room: str) -> None:
    collection("participants").update_one({"conversationId": room}, {"$set": {"readSeq": 50}})
    fill(log, room)

    consumer.apply(log.records)

    assert position(room) == 50

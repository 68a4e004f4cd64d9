"""Read positions are told as they are, whatever comes late, twice, or of who has left."""

from collections.abc import Callable
from typing import Any

import pytest

from chat_project.mongodb import collection
from realtime.publisher import conversation_channel
from tests.consumers.conftest import Consumer, Log
from tests.consumers.listener import Listener

EARLIER, LATER = "2025-11-07T10:06:00.000Z", "2025-11-07T10:07:00.000Z"


@pytest.fixture
def room(log: Log, consumer: Consumer, conversation: Callable[..., str], listener: Listener) -> str:
    """Twenty messages, and one who has read none of them."""
    made = conversation(names={"reader": "Bình"})
    for _ in range(20):
        log.send(made)
    consumer.apply(log.records)
    listener.on(conversation_channel(made))
    return made


def read(log: Log, room: str, up_to_seq: int, at: str, *, age_seconds: float = 1.0) -> None:
    fields = {"userId": "reader", "upToSeq": up_to_seq, "readAt": at}
    log.change("MessagesReadEvent", room, age_seconds=age_seconds, **fields)


def told_of(listener: Listener) -> list[tuple[int, str]]:
    """The positions that were heard, with their times."""
    heard = [data for name, data in listener.heard() if name == "MessagesRead"]
    assert all(data["userId"] == "reader" for data in heard)
    return [(data["upToSeq"], data["readAt"]) for data in heard]


def test_a_reading_is_told(log: Log, consumer: Consumer, room: str, listener: Listener) -> None:
    read(log, room, 20, EARLIER)

    consumer.apply(log.records[20:])

    assert listener.heard() == [
        (
            "MessagesRead",
            {"conversationId": room, "userId": "reader", "upToSeq": 20, "readAt": EARLIER},
        )
    ]


@pytest.mark.parametrize("late", [5, 20], ids=["behind", "the same"])
def test_what_another_device_sends_late_takes_nobody_back(
    log: Log, consumer: Consumer, room: str, listener: Listener, late: int
) -> None:
    read(log, room, 20, EARLIER)
    consumer.apply(log.records[20:])
    read(log, room, late, LATER)

    consumer.apply(log.records[21:])

    assert told_of(listener) == [(20, EARLIER)] * 2


@pytest.mark.parametrize("age_seconds", [1.0, 600.0], ids=["live", "old"])
def test_only_the_furthest_of_a_batch_is_told(
    log: Log, consumer: Consumer, room: str, listener: Listener, age_seconds: float
) -> None:
    read(log, room, 3, EARLIER)
    read(log, room, 9, EARLIER, age_seconds=age_seconds)
    read(log, room, 5, LATER)

    consumer.apply(log.records[20:])

    assert told_of(listener) == [(9, EARLIER)]


def test_nothing_is_told_of_who_has_left(
    log: Log, consumer: Consumer, room: str, listener: Listener
) -> None:
    collection("participants").delete_one({"conversationId": room, "userId": "reader"})
    read(log, room, 20, EARLIER)

    consumer.apply(log.records[20:])

    assert told_of(listener) == []


def test_nothing_is_told_of_who_has_read_nothing_since_joining(
    log: Log, consumer: Consumer, room: str, listener: Listener
) -> None:
    joined = {"$set": {"joinedSeq": 20, "readSeq": 20}}
    collection("participants").update_one({"conversationId": room}, joined)
    read(log, room, 5, EARLIER)

    consumer.apply(log.records[20:])

    assert told_of(listener) == []


def test_a_redelivery_tells_how_far_they_have_read_since(
    log: Log, consumer: Consumer, room: str, listener: Listener
) -> None:
    read(log, room, 5, EARLIER)
    log.send(room)
    read(log, room, 20, LATER)
    consumer.apply(log.records[20:])
    assert told_of(listener) == [(20, LATER)]

    consumer.apply(log.records[20:22])

    assert told_of(listener) == [(20, LATER)]


def test_old_ones_are_not_told(log: Log, consumer: Consumer, room: str, listener: Listener) -> None:
    read(log, room, 20, EARLIER, age_seconds=600.0)

    consumer.apply(log.records[20:])

    heard: list[tuple[str, dict[str, Any]]] = listener.heard()
    assert heard == [("Resync", {"conversationId": room})]

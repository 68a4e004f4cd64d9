"""Who joins has read nothing yet: reading what was there at joining is a reading."""

from collections.abc import Callable
from typing import Any

import pytest

from chat_project.mongodb import collection
from chat_project.timestamps import parse_timestamp
from tests.consumers.conftest import Consumer, Log

READ = "MessagesReadEvent"
EARLIER, LATER = "2025-11-07T10:06:00.000Z", "2025-11-07T10:07:00.000Z"


@pytest.fixture
def room(log: Log, consumer: Consumer, conversation: Callable[..., str]) -> str:
    """Two messages, and a newcomer who joined then."""
    made = conversation(names={"newcomer": "Bình"})
    for _ in range(2):
        log.send(made)
    consumer.apply(log.records)
    collection("participants").update_one(
        {"conversationId": made, "userId": "newcomer"}, {"$set": {"joinedSeq": 2, "readSeq": 2}}
    )
    return made


def read(log: Log, room: str, up_to_seq: int, at: str = EARLIER) -> None:
    log.change(READ, room, userId="newcomer", upToSeq=up_to_seq, readAt=at)


def position(room: str) -> tuple[int, Any]:
    found = collection("participants").find_one({"conversationId": room, "userId": "newcomer"})
    return (found or {})["readSeq"], (found or {}).get("readAt")


def test_reading_up_to_where_one_joined_is_noted(log: Log, consumer: Consumer, room: str) -> None:
    read(log, room, 2)

    consumer.apply(log.records[2:])

    assert position(room) == (2, parse_timestamp(EARLIER))


@pytest.mark.parametrize("apart", [False, True], ids=["in one batch", "in two batches"])
def test_the_first_reading_of_a_number_counts(
    log: Log, consumer: Consumer, room: str, apart: bool
) -> None:
    read(log, room, 2, EARLIER)
    read(log, room, 2, LATER)

    for batch in (log.records[2:3], log.records[3:]) if apart else (log.records[2:],):
        consumer.apply(batch)

    assert position(room) == (2, parse_timestamp(EARLIER))


def test_reading_less_than_was_there_at_joining_moves_nothing(
    log: Log, consumer: Consumer, room: str
) -> None:
    read(log, room, 1)

    consumer.apply(log.records[2:])

    assert position(room) == (2, None)


def test_an_empty_field_is_no_reading_either(log: Log, consumer: Consumer, room: str) -> None:
    """As Django stores what was never set."""
    collection("participants").update_one({"conversationId": room}, {"$set": {"readAt": None}})
    read(log, room, 2)

    consumer.apply(log.records[2:])

    assert position(room) == (2, parse_timestamp(EARLIER))

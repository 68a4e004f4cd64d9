"""Dead letters that a client alone can cause stop no consumer, however many follow each other."""

from collections.abc import Callable

import pytest

from chat_project.identifiers import new_id
from tests.consumers.conftest import Consumer, Log, stored

LIMIT = 3

Bury = Callable[[Log, str], None]


def reuse_a_key(log: Log, room: str) -> None:
    """The first message's id with another text, more often than a run may be long."""
    first = log.send(room)
    for number in range(LIMIT + 1):
        log.send(room, messageId=first, content=f"another text {number}")


def change_what_never_came(log: Log, room: str) -> None:
    log.send(room)
    for number in range(LIMIT + 1):
        log.change("MessageEditedEvent", room, messageId=new_id(), content=f"{number}")


each_reason = pytest.mark.parametrize(
    "bury", [reuse_a_key, change_what_never_came], ids=["id_conflict", "unknown_target"]
)


@each_reason
def test_they_do_not_stop_a_consumer(
    log: Log, conversation: Callable[..., str], bury: Bury
) -> None:
    room = conversation()
    bury(log, room)
    log.send(room, content="behind them")
    consumer = Consumer(log.topic, run_limit=LIMIT).assigned()

    handled = consumer.apply(log.records)

    assert (list(handled.records), handled.stop) == (log.records, None)
    assert len(consumer.dead_letters.letters) == LIMIT + 1
    assert [document["content"] for document in stored(room)] == ["Xin chào", "behind them"]


@each_reason
def test_they_do_not_count_after_a_restart(
    log: Log, conversation: Callable[..., str], bury: Bury
) -> None:
    bury(log, conversation())
    Consumer(log.topic).assigned().apply(log.records)
    committed = len(log.records)
    for _ in range(LIMIT):
        log.append(b"broken", partition=log.records[0].partition)
    restarted = Consumer(log.topic, run_limit=LIMIT).assigned(committed)

    handled = restarted.apply(log.records[committed:])

    assert handled.stop is None
    assert len(restarted.dead_letters.letters) == LIMIT


def test_one_more_than_the_limit_of_any_other_reason_stops_it_behind_them_too(
    log: Log, conversation: Callable[..., str]
) -> None:
    reuse_a_key(log, conversation())
    before = len(log.records)
    for _ in range(LIMIT + 1):
        log.append(b"broken", partition=log.records[0].partition)
    consumer = Consumer(log.topic, run_limit=LIMIT).assigned()

    handled = consumer.apply(log.records)

    assert list(handled.records) == log.records[: before + LIMIT]
    assert handled.stop is not None

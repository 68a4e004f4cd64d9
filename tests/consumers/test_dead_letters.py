"""Dead letters are buried once, however often their records come again."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from chat_project.mongodb import collection, database
from consumers.dead_letters import DeadLetter, Kept
from tests.consumers.conftest import Consumer, ListedDeadLetters, Log, stored
from tests.consumers.events import event

MakeConversation = Callable[..., str]


class Crash(Exception):
    """The process died here."""


def outcomes(topic: str) -> list[dict[str, Any]]:
    return list(collection("dead_letters").find({"topic": topic}).sort("offset", 1))


def test_a_replay_of_a_dead_letter_changes_nothing(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    log.append(b"broken")
    log.append(event(f"nowhere-{log.topic}"))
    consumer.apply(log.records)
    before = outcomes(log.topic)

    consumer.apply(log.records)
    consumer.apply(log.records[1:])

    assert outcomes(log.topic) == before
    assert len(consumer.dead_letters.letters) == 2


def test_an_outcome_names_the_place_of_its_record_in_the_dead_letter_topic(
    log: Log, consumer: Consumer
) -> None:
    log.append(b"broken")
    log.append(b"broken, too")

    consumer.apply(log.records)

    assert [each["kept"] for each in outcomes(log.topic)] == [{"p": 0, "o": 0}, {"p": 0, "o": 1}]


def test_a_closed_letter_gets_no_new_record(log: Log, consumer: Consumer) -> None:
    log.append(b"broken")
    consumer.apply(log.records)
    change = {"$set": {"closedAt": outcomes(log.topic)[0]["at"]}, "$unset": {"kept": 1}}
    collection("dead_letters").update_one({"topic": log.topic}, change)

    consumer.apply(log.records)

    assert len(consumer.dead_letters.letters) == 1


class CrashingDeadLetters(ListedDeadLetters):
    """The process dies when the records are acknowledged and their places not noted yet."""

    def produce(self, letters: Sequence[DeadLetter]) -> Mapping[str, Kept]:
        super().produce(letters)
        raise Crash


def test_a_crash_after_the_topic_took_the_record_leaves_one_copy_more(
    log: Log, conversation: MakeConversation
) -> None:
    log.append(b"broken")
    crashing = Consumer(log.topic, topic_of_letters=CrashingDeadLetters()).assigned()
    with pytest.raises(Crash):
        crashing.apply(log.records)
    survivor = Consumer(log.topic).assigned()

    survivor.apply(log.records)
    survivor.apply(log.records)

    assert len(crashing.dead_letters.letters) + len(survivor.dead_letters.letters) == 2
    assert outcomes(log.topic)[0]["kept"] == {"p": 0, "o": 0}


def test_a_replay_passes_over_a_run_that_was_allowed_once(
    log: Log, conversation: MakeConversation
) -> None:
    room = conversation()
    log.send(room)
    for _ in range(5):
        log.append(b"broken", partition=log.records[0].partition)
    log.send(room)
    Consumer(log.topic, run_limit=5).assigned().apply(log.records)

    handled = Consumer(log.topic, run_limit=3).assigned(committed=0).apply(log.records)

    assert handled.stop is None
    assert [each["seq"] for each in stored(room)] == [1, 2]


def test_a_new_dead_letter_directly_behind_an_allowed_run_stops(log: Log) -> None:
    for _ in range(5):
        log.append(b"broken", partition=3)
    Consumer(log.topic, run_limit=5).assigned().apply(log.records)
    log.append(b"broken", partition=3)

    handled = Consumer(log.topic, run_limit=3).assigned(committed=0).apply(log.records)

    assert [record.offset for record in handled.records] == [0, 1, 2, 3, 4]
    assert "offset 5 would be one more" in (handled.stop or "")


@pytest.fixture
def calls() -> Iterator[Callable[[], list[str]]]:
    """Gives the commands on dead_letters so far, as the database's profiler saw them."""
    name = f"{database().name}.dead_letters"
    database().drop_collection("system.profile")
    database().command("profile", 2)
    seen = database()["system.profile"].find({"ns": name})
    yield lambda: [each["op"] for each in seen.clone().sort("ts", 1)]
    database().command("profile", 0)


def test_the_dead_letters_of_a_batch_are_looked_for_once(
    log: Log, consumer: Consumer, calls: Callable[[], list[str]]
) -> None:
    for _ in range(20):
        log.append(b"broken", partition=len(log.records) % 3)
    before = len(calls())

    consumer.apply(log.records)

    # The profiler shows one line per changed document of a bulk write.
    assert calls()[before:] == ["query", *["update"] * 40]


def test_a_batch_without_dead_letters_does_not_ask_for_them(
    log: Log,
    consumer: Consumer,
    conversation: MakeConversation,
    calls: Callable[[], list[str]],
) -> None:
    log.send(conversation())
    before = len(calls())

    consumer.apply(log.records)

    assert calls()[before:] == []

"""Any interleaving of storing, indexing, crashes and late writes ends in a search that is right."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from chat_project.mongodb import collection
from consumers.errors import RetryLater
from consumers.records import Record
from consumers.search import index
from messaging import search
from messaging.words import folded_words, with_beginnings
from tests.consumers.conftest import Consumer, Log, stored
from tests.consumers.search.indexing import Indexer
from tests.consumers.test_schedules import Crash

MakeConversation = Callable[..., str]

RECORDS = 50
WORDS = ("Học", "sinh", "lớp", "Đà", "Nẵng", "họp", "phụ", "huynh")


class LateWrites:
    """A process that writes to the search may die before, within or after it, or only be paused:
    then its write comes later, over what others have written meanwhile."""

    def __init__(self, dice: random.Random, patch: pytest.MonkeyPatch) -> None:
        self._dice = dice
        self._write: Callable[[Sequence[Any]], None] = index._write
        self._late: list[Sequence[Any]] = []
        patch.setattr(index, "_write", self._unreliable)

    def _unreliable(self, updates: Sequence[Any]) -> None:
        fate = self._dice.random()
        if fate < 0.2:
            self._late.append(updates)
            raise Crash("paused before the write")
        if fate < 0.3:
            self._write([update for update in updates if self._dice.random() < 0.5])
            raise Crash("after a part of the write")
        self._write(updates)
        if fate < 0.4:
            raise Crash("after the write, its reply is lost")

    def wake_one(self) -> None:
        if self._late:
            self._write(self._late.pop(self._dice.randrange(len(self._late))))

    def wake_all(self) -> None:
        while self._late:
            self.wake_one()


def random_log(dice: random.Random, log: Log, rooms: list[str]) -> None:
    """Messages, edits, deletions, duplicates, poison, and changes of what is not there."""
    sent: list[tuple[str, str]] = []
    for number in range(RECORDS):
        kind, text = dice.random(), " ".join(dice.choices(WORDS, k=4))
        room, message_id = dice.choice(sent) if sent else (dice.choice(rooms), "nothing")
        if kind < 0.25:
            log.change("MessageEditedEvent", room, messageId=message_id, content=text)
        elif kind < 0.35:
            log.change("MessageDeletedEvent", room, messageId=message_id)
        elif kind < 0.45 and log.records:
            log.repeat(dice.choice(log.records))
        elif kind < 0.5:
            log.append(b"broken", partition=dice.randrange(10))
        elif kind < 0.55:
            log.send(f"{log.topic}/unknown", messageId=f"{log.topic}/{number}")
        else:
            room, message_id = dice.choice(rooms), f"{log.topic}/{number}"
            log.send(room, messageId=message_id, content=text)
            sent.append((room, message_id))


@pytest.mark.parametrize("seed", range(25))
def test_any_schedule_ends_in_a_search_of_what_is_stored(
    seed: int, conversation: MakeConversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    log = Log(f"search-{seed}.message.sent")
    rooms = [conversation(conversation_id=f"search-{seed}-room-{n}") for n in range(3)]
    random_log(dice, log, rooms)
    by_partition: dict[int, list[Record]] = {}
    for each in log.records:
        by_partition.setdefault(each.partition, []).append(each)
    consumer = Consumer(log.topic, run_limit=1_000).assigned()
    indexers = [Indexer(log.topic) for _ in range(3)]
    stored_up_to: Counter[int] = Counter()
    indexed_up_to: Counter[int] = Counter()

    def store_some(partition: int, count: int) -> None:
        start = stored_up_to[partition]
        batch = by_partition[partition][start : start + count]
        if not batch:
            return
        consumer.apply(batch)
        stored_up_to[partition] += len(batch)
        for indexer in indexers:
            indexer.committed_by_storing[partition] = batch[-1].offset + 1

    with monkeypatch.context() as patch:
        late = LateWrites(dice, patch)
        for _ in range(300):
            partition, records = dice.choice(list(by_partition.items()))
            step = dice.random()
            if step < 0.25:
                store_some(partition, dice.randint(1, 5))
            elif step < 0.35:
                late.wake_one()
            else:
                start = max(0, indexed_up_to[partition] - dice.choice([0, 0, 3, 10]))
                batch = records[start : start + dice.randint(1, 8)]
                try:
                    dice.choice(indexers).apply(batch)
                except (Crash, RetryLater):
                    continue
                indexed_up_to[partition] = max(indexed_up_to[partition], start + len(batch))
        for partition in by_partition:
            store_some(partition, RECORDS)
        patch.setattr(index, "_write", late._write)
        for partition, records in by_partition.items():
            indexers[0].apply(records[indexed_up_to[partition] :])
        late.wake_all()

    for room in rooms:
        assert_is_searched_as_it_is_stored(room)


def assert_is_searched_as_it_is_stored(room: str) -> None:
    found = collection(search.COLLECTION).find({"conversationId": room}).sort("seq", 1)
    searched = [(each["_id"], each["seq"], each["words"]) for each in found]
    assert searched == [
        (
            message["_id"],
            message["seq"],
            [] if message.get("isDeleted") else with_beginnings(folded_words(message["content"])),
        )
        for message in stored(room)
    ]

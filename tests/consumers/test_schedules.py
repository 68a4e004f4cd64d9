"""Any interleaving of crashes, zombies, redelivery and re-cut batches ends in the same state."""

import json
import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest

from consumers import heads, messages
from consumers.errors import RetryLater
from consumers.records import Record
from tests.consumers.conftest import Consumer, Log, head, stored
from tests.consumers.events import event

MakeConversation = Callable[..., str]

RECORDS = 40


class Crash(Exception):
    """The process died at this step."""


class Faults:
    """Makes a process die before, in the middle of or after a write; its reply is lost too."""

    def __init__(self, dice: random.Random, patch: pytest.MonkeyPatch) -> None:
        self._dice = dice
        for module, name in ((messages, "insert"), (heads, "update_heads")):
            patch.setattr(module, name, self._unreliable(getattr(module, name)))

    def _unreliable(self, write: Callable[..., object]) -> Callable[..., object]:
        def faulty(changes: Sequence[object]) -> object:
            fate = self._dice.random()
            if fate < 0.1:
                raise Crash("before the write")
            if fate < 0.2:
                write([change for change in changes if self._dice.random() < 0.5])
                raise Crash("after a part of the write")
            result = write(changes)
            if fate < 0.3:
                raise Crash("after the write, its reply is lost")
            return result

        return faulty


def random_log(dice: random.Random, log: Log, rooms: list[str]) -> None:
    """Good messages, producers' duplicates, id conflicts and poison."""
    for _ in range(RECORDS):
        kind = dice.random()
        good = [each for each in log.records if each.value != b"broken"]
        if kind < 0.15 and good:
            log.repeat(dice.choice(good))
        elif kind < 0.25 and good:
            stolen = message_id_of(dice.choice(good))
            log.append(event(dice.choice(rooms), messageId=stolen, content="another"))
        elif kind < 0.35:
            log.append(b"broken", partition=0)
        else:
            sent_at = f"2025-11-07T10:{dice.randrange(60):02d}:00Z"
            new = f"{log.topic}/{len(log.records)}"
            log.append(event(dice.choice(rooms), messageId=new, sentAt=sent_at))


def message_id_of(each: Record) -> str:
    return str(json.loads(each.value or b"")["messageId"])


@pytest.mark.parametrize("seed", range(25))
def test_any_schedule_ends_in_the_state_of_a_calm_run(
    seed: int, conversation: MakeConversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(seed)
    log = Log(f"schedule-{seed}.message.sent")
    rooms = [conversation(conversation_id=f"schedule-{seed}-room-{n}") for n in range(3)]
    random_log(dice, log, rooms)
    committed: Counter[int] = Counter()
    by_partition: dict[int, list[Record]] = {}
    for each in log.records:
        by_partition.setdefault(each.partition, []).append(each)
    with monkeypatch.context() as patch:
        Faults(dice, patch)
        processes = [Consumer(log.topic).assigned() for _ in range(3)]
        for _ in range(400):
            partition, records = dice.choice(list(by_partition.items()))
            # a zombie's or a redelivered batch starts below the committed offset
            start = max(0, committed[partition] - dice.choice([0, 0, 3, 10]))
            batch = records[start : start + dice.randint(1, 8)]
            try:
                dice.choice(processes).apply(batch)
            except (Crash, RetryLater):
                continue
            committed[partition] = max(committed[partition], start + len(batch))
    survivor = Consumer(log.topic).assigned()
    for partition, records in by_partition.items():
        survivor.apply(records[committed[partition] :])

    assert_equals_a_recount(log, rooms)


def assert_equals_a_recount(log: Log, rooms: list[str]) -> None:
    """Each id once, from one of its records; numbers 1..n in the order of the log.

    A tombstone may stand where a message lost its id to another conversation while it was
    half stored.
    """
    sent = {message_id_of(each) for each in log.records if each.value != b"broken"}
    found = []
    for room in rooms:
        documents = stored(room)
        assert [d["seq"] for d in documents] == list(range(1, len(documents) + 1))
        assert head(room)["lastSeq"] == len(documents)
        messages = [d for d in documents if not d.get("isDeleted")]
        offsets = [d["src"]["o"] for d in messages]
        assert offsets == sorted(offsets)
        newest = max(messages, key=lambda d: (d["sentAt"], d["seq"]), default=None)
        last = head(room).get("lastMessage")
        assert (last and last["messageId"]) == (newest and newest["_id"])
        found += [d["_id"] for d in messages]
    assert sorted(found) == sorted(sent)

"""What a store must hold at every moment and at the end, against the recount."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from consumers.records import Record
from tests.properties.choices import CHANGES, READ
from tests.properties.recount import recount
from tests.properties.scenarios import Scenario, partition_of


class Store(Protocol):
    """What the recount reads, of a real or a played database."""

    def messages_of(self, room: str) -> list[dict[str, Any]]: ...
    def last_seq(self, room: str) -> int: ...
    def last_message(self, room: str) -> tuple[str, datetime] | None: ...
    def mark(self, room: str, partition: int) -> int: ...
    def dead_letters(self) -> dict[tuple[int, int], str]: ...
    def position(self, room: str) -> int: ...


def assert_covered_is_accounted_for(
    scenario: Scenario, store: Store, committed: Counter[int]
) -> None:
    """Neither a mark nor a committed offset is ever ahead of what was made durable."""
    dead = store.dead_letters()
    stored = {each["_id"]: each for room in scenario.rooms for each in store.messages_of(room)}
    for partition, records in enumerate(scenario.log):
        for each in records:
            if each.header("event-type") == READ:
                if each.offset < committed[partition]:
                    body = json.loads(each.value or b"")
                    room = body["conversationId"]
                    sources = [one["src"] for one in store.messages_of(room) if "src" in one]
                    before = sum(source["o"] < each.offset for source in sources)
                    assert store.position(room) >= min(body["upToSeq"], before)
                continue
            room = (each.key or b"").decode()
            marked = room in scenario.rooms and each.offset <= store.mark(room, partition)
            decodable = each.value != b"broken" and partition_of(room) == partition
            if each.offset < committed[partition] or (marked and decodable):
                safe = (partition, each.offset) in dead or _is_applied(each, stored)
                assert safe, f"covered, but nowhere: partition {partition} offset {each.offset}"


def _is_applied(each: Record, stored: Mapping[str, dict[str, Any]]) -> bool:
    document = stored.get(_id_of(each) or "")
    if document is None or each.header("event-type") not in CHANGES.values():
        return document is not None
    rev = document.get("rev")
    return "deletedAt" in document or bool(rev and rev["o"] >= each.offset)


def assert_equals_a_recount(scenario: Scenario, store: Store) -> None:
    """A tombstone may stand where the database refused a message after it had got a number."""
    expected = recount(scenario)
    assert store.dead_letters() == expected.dead
    kept_whole = {(each.place.p, each.place.o) for each in scenario.kept_whole.letters}
    assert kept_whole == expected.dead.keys()
    for room, wanted in expected.stored.items():
        everything = store.messages_of(room)
        messages = [each for each in everything if "src" in each]
        assert [each["_id"] for each in messages] == [each["messageId"] for each in wanted]
        texts = [expected.texts.get(each["messageId"], each["content"]) for each in wanted]
        assert [each["content"] for each in messages] == texts
        for each in messages:
            assert bool(each.get("isDeleted")) == (each["_id"] in expected.deleted)
            assert len(each.get("reactions", ())) == (each["_id"] in expected.reacted)
        assert store.position(room) == expected.positions[room]
        assert len(everything) - len(messages) <= expected.refused[room]
    assert_heads_fit(scenario, store)


def assert_ids_stand_once(scenario: Scenario, store: Store) -> None:
    """Where two conversations want one id, either may get it: their partitions have no order.

    A tombstone may stand where a message lost its id to the other after it had got a number.
    """
    sent = [each for records in scenario.log for each in records if _id_of(each)]
    wanted = {(_id_of(each), each.partition, each.offset) for each in sent}
    winners = [
        each
        for room in scenario.rooms
        for each in store.messages_of(room)
        if not each.get("isDeleted")
    ]
    assert {(each["_id"], each["src"]["p"], each["src"]["o"]) for each in winners} <= wanted
    dead = store.dead_letters()
    stored = {each["_id"] for each in winners}
    lost = {_id_of(each) for each in sent if (each.partition, each.offset) not in dead} - stored
    assert not lost
    for room in scenario.rooms:
        offsets = [each["src"]["o"] for each in winners if each["conversationId"] == room]
        assert offsets == sorted(offsets)
    assert_heads_fit(scenario, store)


def assert_heads_fit(scenario: Scenario, store: Store) -> None:
    """Numbers without gap or repeat, and what each head says of them."""
    marks = recount(scenario).marks
    for room in scenario.rooms:
        everything = store.messages_of(room)
        assert [each["seq"] for each in everything] == list(range(1, len(everything) + 1))
        assert store.last_seq(room) == len(everything)
        messages = [each for each in everything if not each.get("isDeleted")]
        newest = max(messages, key=lambda each: (each["sentAt"], each["seq"]), default=None)
        last = (newest["_id"], newest["sentAt"]) if newest else None
        assert store.last_message(room) == last
        partition = partition_of(room)
        assert store.mark(room, partition) == marks.get((room, partition), -1)


def _id_of(each: Record) -> str | None:
    return None if each.value == b"broken" else str(json.loads(each.value or b"")["messageId"])

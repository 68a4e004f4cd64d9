"""What goes wrong while a log is stored: a schedule as data, its runner, and the recount."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from zlib import crc32

from hypothesis import strategies as st

from consumers.handler import ChatHandler
from consumers.loop import Batch
from consumers.records import Record, TopicPartition
from consumers.registry import chat_registry
from consumers.runs import Runs
from consumers.topics import TopicDescription
from consumers.writer import MessageWriter
from tests.consumers.conftest import ListedDeadLetters
from tests.consumers.events import change, event, record
from tests.properties.processes import ConsumerProcess, Fate, in_turns
from tests.properties.store import REFUSED_CONTENT

PARTITIONS = 2
PROCESSES = 3


class Store(Protocol):
    """What the recount reads, of a real or a played database."""

    def messages_of(self, room: str) -> list[dict[str, Any]]: ...
    def last_seq(self, room: str) -> int: ...
    def last_message(self, room: str) -> tuple[str, datetime] | None: ...
    def mark(self, room: str, partition: int) -> int: ...
    def dead_letters(self) -> dict[tuple[int, int], str]: ...
    def position(self, room: str) -> int: ...


class Entry(NamedTuple):
    """One record of the log; `of` is the earlier entry that a repetition or a theft takes from."""

    kind: str
    room: int
    minute: int
    of: int


class Action(NamedTuple):
    """A process goes on for some steps and the last one ends as `fate` says; an idle one first
    takes a batch that starts `rewind` records before the committed offset."""

    process: int
    steps: int
    fate: Fate
    partition: int
    rewind: int
    length: int
    backwards: bool


KINDS = ["good"] * 6 + ["repeat"] * 2 + ["theft", "broken", "stranger", "foreign", "misplaced"]
entries = st.builds(
    Entry, st.sampled_from(KINDS), st.integers(0, 2), st.integers(0, 9), st.integers(0, 15)
)
refusals = st.builds(Entry, st.just("refused"), st.integers(0, 2), st.just(0), st.just(0))
thefts = st.builds(
    Entry, st.just("abroad"), st.integers(0, 2), st.integers(0, 9), st.integers(0, 15)
)
"""An id that another conversation has as well, perhaps in another partition."""
CHANGES = {
    "edit": "MessageEditedEvent",
    "delete": "MessageDeletedEvent",
    "react": "MessageReactionAddedEvent",
    "unreact": "MessageReactionRemovedEvent",
    "lost edit": "MessageEditedEvent",
}
READ, READER = "MessagesReadEvent", "user-2"
changes = st.builds(
    Entry,
    st.sampled_from([*CHANGES, "edit", "read"]),
    st.integers(0, 2),
    st.integers(0, 9),
    st.integers(0, 15),
)
"""What happens later to an earlier message; `minute` is how far a read says it read."""
FATES = [Fate.DONE] * 5 + [Fate.CRASH_BEFORE, Fate.CRASH_AFTER, Fate.LOST_REPLY, Fate.REFUSED]
actions = st.builds(
    Action,
    process=st.integers(0, PROCESSES - 1),
    steps=st.integers(0, 7),
    fate=st.sampled_from(FATES),
    partition=st.integers(0, PARTITIONS),
    rewind=st.sampled_from([0, 0, 1, 4, 16]),
    length=st.integers(1, 6),
    backwards=st.booleans(),
)


class Scenario:
    """A log of three rooms, made from entries; `name` keeps rooms and ids of examples apart."""

    def __init__(self, name: str, planned: Sequence[Entry]) -> None:
        self.topic = f"{name}.message.sent"
        self.rooms = [f"{name}-room-{number}" for number in range(3)]
        self.log: list[list[Record]] = [[] for _ in range(PARTITIONS)]
        self.kept_whole = ListedDeadLetters()
        """The dead-letter topic; every copy in it."""
        self._sent: list[dict[str, Any]] = []
        for number, entry in enumerate(planned):
            self._append(entry, f"{name}/{number}")

    def _append(self, entry: Entry, new_id: str) -> None:
        if entry.kind in CHANGES or entry.kind == "read":
            self._append_change(entry, new_id)
            return
        room = self.rooms[entry.room]
        sent_at = f"2025-11-07T10:0{entry.minute}:00Z"
        body: dict[str, Any] = event(room, messageId=new_id, sentAt=sent_at, content=new_id)
        partition = _partition(room)
        if entry.kind in {"repeat", "theft"} and self._sent:
            body = dict(self._sent[entry.of % len(self._sent)])
            partition = _partition(body["conversationId"])
            if entry.kind == "theft":
                body["content"] = "another text under the same id"
        elif entry.kind == "abroad" and self._sent:
            body["messageId"] = self._sent[entry.of % len(self._sent)]["messageId"]
        elif entry.kind == "refused":
            body["content"] = REFUSED_CONTENT
        elif entry.kind == "stranger":
            body["conversationId"] = f"{room}-unknown"
            partition = _partition(body["conversationId"])
        elif entry.kind == "foreign":
            body["tenantId"] = "another tenant"
        elif entry.kind == "misplaced":
            partition = (partition + 1) % PARTITIONS
        else:
            self._sent.append(body)
        value = b"broken" if entry.kind == "broken" else body
        self._put(value, body["conversationId"], partition, "MessageSentEvent")

    def _append_change(self, entry: Entry, new_id: str) -> None:
        room, message_id = self.rooms[entry.room], new_id
        if self._sent and entry.kind not in ("read", "lost edit"):
            target = self._sent[entry.of % len(self._sent)]
            room, message_id = target["conversationId"], target["messageId"]
        body = change(room, userId=READER)
        if entry.kind == "read":
            body |= {"upToSeq": entry.minute, "readAt": body.pop("at")}
        else:
            body |= {"messageId": message_id, "content": f"edit {new_id}", "emojiCode": "👍"}
        self._put(body, room, _partition(room), CHANGES.get(entry.kind, READ))

    def _put(self, value: Any, key: str, partition: int, event_type: str) -> None:
        self.log[partition].append(
            record(
                value,
                offset=len(self.log[partition]),
                key=key,
                partition=partition,
                topic=self.topic,
                event_type=event_type,
            )
        )

    def new_handler(self) -> ChatHandler:
        """A consumer process with empty memory that got every partition."""
        handler = ChatHandler(
            message_topic=self.topic,
            partitions=PARTITIONS,
            registry=chat_registry(self.topic),
            writer=MessageWriter(lambda _: {}),
            dead_letter_topic=DeadLettersInTurns(self.kept_whole),
            effects=NoEffects(),  # type: ignore[arg-type]  # a hint only, and not looked at here
            runs=Runs(1_000),
        )
        described = TopicDescription(self.topic, f"id of {self.topic}", PARTITIONS)
        partitions = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
        handler.assigned([described], dict.fromkeys(partitions))
        return handler


class DeadLettersInTurns:
    """To produce is a step of its own: a process may die between an outcome and its record."""

    def __init__(self, topic: ListedDeadLetters) -> None:
        self.produce = in_turns("produce", topic.produce)


class NoEffects:
    def after(self, *_: object) -> None:
        """Step 8 changes nothing that the recount sees."""


def run(
    scenario: Scenario,
    schedule: Sequence[Action],
    store: Store,
    check_end: Callable[[Scenario, Store], None],
) -> None:
    """Runs the schedule, then a calm process to the end of the log, then those that stood still.

    Whatever a mark or a committed offset covers is accounted for at every moment.
    """
    committed: Counter[int] = Counter()
    processes = [ConsumerProcess(scenario.new_handler) for _ in range(PROCESSES)]
    try:
        for action in schedule:
            process = processes[action.process]
            if not process.is_busy:
                _begin(process, scenario, action, committed)
            for step in range(action.steps):
                if process.is_busy:
                    process.go_on(action.fate if step == action.steps - 1 else Fate.DONE)
            assert_covered_is_accounted_for(scenario, store, committed)
        rest = [each for part, log in enumerate(scenario.log) for each in log[committed[part] :]]
        scenario.new_handler().apply(Batch(rest, received_at=0.0))
        check_end(scenario, store)
        for process in processes:
            process.finish()
        check_end(scenario, store)
    finally:
        for process in processes:
            process.kill()


def _begin(
    process: ConsumerProcess, scenario: Scenario, action: Action, committed: Counter[int]
) -> None:
    """A batch of one partition, or (the last value) of all."""
    batch: list[Record] = []
    ends: dict[int, int] = {}
    for partition, log in enumerate(scenario.log):
        if action.partition in {partition, PARTITIONS}:
            start = max(0, committed[partition] - action.rewind)
            batch += log[start : start + action.length]
            ends[partition] = min(len(log), start + action.length)

    def work(handler: ChatHandler) -> None:
        handler.apply(Batch(batch, received_at=0.0))
        for partition, end in ends.items():
            committed[partition] = max(committed[partition], end)

    process.begin(work, backwards=action.backwards)


class Expected(NamedTuple):
    """The recount: what the log alone says must be there."""

    stored: dict[str, list[dict[str, Any]]]
    """By room, the events that are stored, in the order of the log."""
    dead: dict[tuple[int, int], str]
    marks: dict[tuple[str, int], int]
    refused: Counter[str]
    texts: dict[str, str]
    """By message id, what its last edit says."""
    deleted: set[str]
    reacted: set[str]
    positions: Counter[str]


def recount(scenario: Scenario) -> Expected:
    """By contract and design alone; shares no rule with the consumer."""
    stored: dict[str, list[dict[str, Any]]] = {room: [] for room in scenario.rooms}
    expected = Expected(stored, {}, {}, Counter(), {}, set(), set(), Counter())
    for partition, records in enumerate(scenario.log):
        winners: dict[str, dict[str, Any]] = {}
        for each in records:
            reason = _fate(each, partition, scenario, winners, expected)
            if reason:
                expected.dead[partition, each.offset] = reason
    return expected


def _fate(
    each: Record,
    partition: int,
    scenario: Scenario,
    winners: dict[str, dict[str, Any]],
    expected: Expected,
) -> str | None:
    if each.value == b"broken":
        return "malformed"
    body = json.loads(each.value or b"")
    room = body["conversationId"]
    if _partition(room) != partition:
        return "wrong_partition"
    if room not in scenario.rooms:
        return "unknown_conversation"
    kind = each.header("event-type") or ""
    if kind == READ:
        expected.positions[room] = max(expected.positions[room], body["upToSeq"])
        return None
    expected.marks[room, partition] = each.offset
    if kind in CHANGES.values():
        return _change(kind, body, expected)
    if body["tenantId"] != "tenant-1":
        return "wrong_tenant"
    winner = winners.get(body["messageId"])
    if winner is not None:
        return None if winner["content"] == body["content"] else "id_conflict"
    if body["content"] == REFUSED_CONTENT:
        expected.refused[room] += 1
        return "refused_by_database"
    winners[body["messageId"]] = body
    expected.stored[room].append(body)
    return None


def _change(kind: str, body: dict[str, Any], expected: Expected) -> str | None:
    message_id = body["messageId"]
    if all(each["messageId"] != message_id for each in expected.stored[body["conversationId"]]):
        return "unknown_target"
    if message_id in expected.deleted:
        return None
    match kind:
        case "MessageEditedEvent":
            expected.texts[message_id] = body["content"]
        case "MessageReactionAddedEvent":
            expected.reacted.add(message_id)
        case "MessageReactionRemovedEvent":
            expected.reacted.discard(message_id)
        case _:
            expected.texts[message_id] = ""
            expected.deleted.add(message_id)
            expected.reacted.discard(message_id)
    return None


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
                    assert store.position(body["conversationId"]) >= body["upToSeq"]
                continue
            room = (each.key or b"").decode()
            marked = room in scenario.rooms and each.offset <= store.mark(room, partition)
            decodable = each.value != b"broken" and _partition(room) == partition
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
        partition = _partition(room)
        assert store.mark(room, partition) == marks.get((room, partition), -1)


def _partition(room: str) -> int:
    return crc32(room.encode()) % PARTITIONS


def _id_of(each: Record) -> str | None:
    return None if each.value == b"broken" else str(json.loads(each.value or b"")["messageId"])

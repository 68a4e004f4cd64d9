"""What a round must end in, recounted from Kafka and MongoDB. Shares no code with the product."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import confluent_kafka as kafka
from pymongo.database import Database

from chat_project.kafka_logs import kafka_logger
from tests.faults.fold import MessageHistory, fold
from tests.faults.load import (
    ANYTHING,
    CHANGED,
    EXPECTED,
    PARTITIONS,
    READ,
    STORED,
    Coordinates,
)

READ_SECONDS = 30.0
MARKED = (STORED, ANYTHING, CHANGED, "id_conflict", "wrong_tenant", "unknown_target")
"""Expectations of records that move their conversation's mark: they were understood."""


class Logged(NamedTuple):
    """A record as it lies in Kafka."""

    place: Coordinates
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]

    @property
    def expects(self) -> str:
        return self.headers.get(EXPECTED, STORED.encode()).decode()

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.value or b"{}"))

    @property
    def event_type(self) -> str:
        return self.headers.get("event-type", b"").decode()

    @property
    def origin(self) -> str:
        """Of a dead letter: the topic that it came from."""
        return self.headers.get("__connect.errors.topic", b"").decode()


Log = Mapping[Coordinates, Logged]
"""A whole topic, in the order of each partition's log."""


class Recount(NamedTuple):
    """The figures of a round, and every difference in a sentence."""

    acknowledged: int
    stored: int
    dead_lettered: int
    differences: list[str]


def recount(
    connection: Mapping[str, str],
    group_id: str,
    topic: str,
    database: Database[dict[str, Any]],
    acknowledged: Mapping[Coordinates, str | None],
) -> Recount:
    """Each record has exactly one fate; numbers, marks and last messages follow from the log."""
    log = read_topic(connection, topic)
    everything = read_topic(connection, f"{topic}.dlq")
    kept = {place: each for place, each in everything.items() if each.origin == topic}
    messages = list(database["messages"].find())
    letters = {
        (each["partition"], each["offset"]): each
        for each in database["dead_letters"].find({"topic": topic})
    }
    heads = {d["_id"]: d for d in database["conversations"].find()}
    differences = [
        *_acknowledged(log, acknowledged),
        *_fates(log, messages, letters),
        *_kept(log, kept, letters),
        *_changes(log, messages, letters),
        *_positions(log, database),
        *_conversations(log, messages, heads),
        *_committed(connection, group_id, topic),
    ]
    return Recount(len(acknowledged), len(messages), len(letters), differences)


def fingerprint(database: Database[dict[str, Any]]) -> str:
    """Equal as long as nothing that the consumer writes has changed, but for times of letters."""
    digest = hashlib.sha256()
    for name in ("messages", "conversations", "participants"):
        for document in database[name].find().sort("_id", 1):
            digest.update(repr(document).encode())
    for document in database["dead_letters"].find({}, {"_id": 1, "reason": 1}).sort("_id", 1):
        digest.update(repr(document).encode())
    return digest.hexdigest()


def read_topic(connection: Mapping[str, str], topic: str) -> Log:
    """Every record of the topic by its coordinates."""
    reader = kafka.Consumer(
        {
            **connection,
            "group.id": "fault-suite-oracle",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 20,
        },
        logger=kafka_logger,
    )
    try:
        ends = {p: _end(reader, topic, p) for p in range(PARTITIONS)}
        reader.assign([kafka.TopicPartition(topic, p, 0) for p, end in ends.items() if end])
        total = sum(ends.values())
        found: dict[Coordinates, Logged] = {}
        while (missing := total - len(found)) > 0:
            records = reader.consume(min(missing, 10_000), READ_SECONDS)
            assert records, f"{topic}: {missing} of {total} records could not be read"
            for record in records:
                assert record.error() is None, record.error()
                logged = _logged(record)
                found[logged.place] = logged
        return dict(sorted(found.items()))
    finally:
        reader.close()


def _end(reader: kafka.Consumer, topic: str, partition: int) -> int:
    place = kafka.TopicPartition(topic, partition)
    return int(reader.get_watermark_offsets(place, timeout=READ_SECONDS)[1])


def _logged(record: "kafka.Message[bytes, bytes]") -> Logged:
    headers: Any = record.headers() or ()
    place = record.partition() or 0, record.offset() or 0
    return Logged(place, record.key(), record.value(), dict(headers))


def _acknowledged(log: Log, acknowledged: Mapping[Coordinates, str | None]) -> Iterator[str]:
    for place in sorted(acknowledged.keys() - log.keys()):
        yield f"{place} was acknowledged and is not in Kafka"


def _fates(
    log: Log,
    messages: list[dict[str, Any]],
    letters: Mapping[Coordinates, dict[str, Any]],
) -> Iterator[str]:
    """Stored, a duplicate of what is stored, or a dead letter: exactly one, the expected one."""
    by_id = {d["_id"]: d for d in messages}
    by_place = _by_place(messages)
    for record in log.values():
        if record.expects in (CHANGED, READ):
            if record.place in letters:
                yield f"{record.place} should be applied and is a dead letter"
            continue
        is_dead, stored = record.place in letters, by_place.get(record.place)
        duplicate = stored is None and not is_dead and _is_duplicate(record, by_id, log)
        fates = [
            name
            for name, holds in (
                ("stored", stored is not None),
                ("dead letter", is_dead),
                ("duplicate", duplicate),
            )
            if holds
        ]
        if len(fates) != 1:
            yield f"{record.place} ({record.expects}) is {' and '.join(fates) or 'lost'}"
        elif record.expects != ANYTHING and (record.expects == STORED) is is_dead:
            yield f"{record.place} should be {record.expects} and is {fates[0]}"
        elif is_dead and record.expects not in (ANYTHING, letters[record.place]["reason"]):
            yield f"{record.place} is a dead letter for {letters[record.place]['reason']}"
        if stored is not None and not _has_content_of(record, stored):
            yield f"{record.place} is stored with other content"
    for place in sorted((by_place.keys() | letters.keys()) - log.keys()):
        yield f"{place} is in MongoDB and was never in the log"


def _by_place(messages: list[dict[str, Any]]) -> dict[Coordinates, dict[str, Any]]:
    return {(d["src"]["p"], d["src"]["o"]): d for d in messages if "src" in d}


def _is_duplicate(record: Logged, by_id: Mapping[str, dict[str, Any]], log: Log) -> bool:
    """Whether what is stored under its id was the same when it was sent."""
    try:
        body = record.body
    except ValueError:
        return False
    stored = by_id.get(body.get("messageId", ""))
    if stored is None or "src" not in stored:
        return False
    first = log.get((stored["src"]["p"], stored["src"]["o"]))
    names = ("messageId", "conversationId", "tenantId", "senderId", "content", "replyToMessageId")
    return first is not None and all(first.body.get(name) == body.get(name) for name in names)


def _has_content_of(record: Logged, stored: Mapping[str, Any]) -> bool:
    """But for the text, which may have been edited since (`_changes`)."""
    body = record.body
    names = ("conversationId", "tenantId", "senderId")
    same = all(stored.get(name) == body.get(name) for name in names)
    quoted = (stored.get("replyTo") or {}).get("messageId")
    answers = quoted == (None if stored.get("isDeleted") else body.get("replyToMessageId"))
    return same and answers and stored["_id"] == body["messageId"]


def _changes(
    log: Log, messages: list[dict[str, Any]], letters: Mapping[Coordinates, dict[str, Any]]
) -> Iterator[str]:
    """Each message is as the log's changes leave it, and replies quote nothing that is deleted."""
    by_id = {d["_id"]: d for d in messages}
    later: dict[str, list[Logged]] = defaultdict(list)
    for record in log.values():
        if record.expects == CHANGED:
            later[record.body["messageId"]].append(record)
    for message_id in sorted(later.keys() - by_id.keys()):
        yield f"{message_id} was changed and is not stored"
    for place, stored in _by_place(messages).items():
        if (first := log.get(place)) is None or place in letters:
            continue
        for text in _differences(fold(first, later[stored["_id"]]), stored):
            yield f"{place} is stored with other content: {text}"
        quote = stored.get("replyTo") or {}
        quoted = by_id.get(quote.get("messageId", ""), {})
        if quoted.get("isDeleted") and "content" in quote:
            yield f"{place} quotes what is deleted"


def _differences(due: MessageHistory, stored: Mapping[str, Any]) -> Iterator[str]:
    rev = stored.get("rev")
    is_as = {
        "content": stored.get("content"),
        "isDeleted": bool(stored.get("isDeleted")),
        "history": [each["content"] for each in stored.get("history", ())],
        "reactions": [(e["emojiCode"], e["userId"]) for e in stored.get("reactions", ())],
        "pinnedBy": stored.get("pinnedBy"),
        "isPinned": bool(stored.get("isPinned")),
        "isEdited": "editedAt" in stored,
        "rev": (rev["p"], rev["o"]) if rev else None,
    }
    for name, value in due.as_stored().items():
        if is_as[name] != value:
            yield f"{name} is {is_as[name]!r}, not {value!r}"


def _positions(log: Log, database: Database[dict[str, Any]]) -> Iterator[str]:
    """Each participant has read as far as the furthest of their events says."""
    furthest: dict[tuple[str, str], int] = defaultdict(int)
    for record in log.values():
        if record.expects == READ:
            body = record.body
            pair = (body["conversationId"], body["userId"])
            furthest[pair] = max(furthest[pair], body["upToSeq"])
    for participant in database["participants"].find():
        pair = (participant["conversationId"], participant["userId"])
        due = max(furthest[pair], participant["joinedSeq"])
        if participant["readSeq"] != due:
            yield f"{pair} has read up to {participant['readSeq']}, not {due}"


def _kept(
    log: Log,
    kept: Log,
    letters: Mapping[Coordinates, dict[str, Any]],
) -> Iterator[str]:
    """The dead-letter topic holds the original of every outcome, and of nothing else."""
    originals = set()
    for record in kept.values():
        headers = record.headers
        place = (
            int(headers["__connect.errors.partition"]),
            int(headers["__connect.errors.offset"]),
        )
        originals.add(place)
        source = log.get(place)
        if source is None or source[1:3] != record[1:3]:
            yield f"the dead-letter topic holds something else for {place}"
    for place in sorted(letters.keys() ^ originals):
        where = "dead-letter topic" if place in letters else "collection dead_letters"
        yield f"the {where} lacks {place}"


def _conversations(
    log: Log,
    messages: list[dict[str, Any]],
    heads: Mapping[str, dict[str, Any]],
) -> Iterator[str]:
    by_room: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for document in messages:
        by_room[document["conversationId"]].append(document)
    marks: dict[str, Coordinates] = {}
    for record in log.values():
        if record.expects in MARKED:
            marks[record.body["conversationId"]] = record.place
    for room in sorted(by_room.keys() - heads.keys()):
        yield f"{room} has messages and no head"
    for room, head in heads.items():
        for text in _conversation(by_room[room], head, marks.get(room)):
            yield f"{room}: {text}"


def _conversation(
    documents: list[dict[str, Any]], head: Mapping[str, Any], mark: Coordinates | None
) -> Iterator[str]:
    documents.sort(key=lambda document: document["seq"])
    numbers = [document["seq"] for document in documents]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the numbers are {numbers}"
    if head.get("lastSeq") != len(numbers):
        yield f"lastSeq is {head.get('lastSeq')} of {len(numbers)}"
    places = [(d["src"]["p"], d["src"]["o"]) for d in documents if "src" in d]
    if places != sorted(places):
        yield "the numbers are not in the order of the log"
    undeleted = [document for document in documents if not document.get("isDeleted")]
    newest = max(undeleted, key=lambda d: (_utc(d["sentAt"]), d["seq"]), default={"_id": None})
    last = head.get("lastMessage") or {}
    if last.get("messageId") != newest["_id"]:
        yield "lastMessage is not the newest"
    elif last.get("content") != newest.get("content"):
        yield "lastMessage has another content"
    marks = [(int(name[1:]), at["o"]) for name, at in (head.get("log") or {}).items()]
    if marks != ([mark] if mark else []):
        yield f"the mark is {marks}, not {mark}"


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _committed(connection: Mapping[str, str], group_id: str, topic: str) -> Iterator[str]:
    asker = kafka.Consumer(
        {**connection, "group.id": group_id, "enable.auto.commit": False}, logger=kafka_logger
    )
    try:
        asked = [kafka.TopicPartition(topic, p) for p in range(PARTITIONS)]
        for place in asker.committed(asked, timeout=READ_SECONDS):
            end = _end(asker, topic, place.partition)
            if max(place.offset, 0) != end:
                yield f"partition {place.partition}: committed {place.offset} of {end}"
    finally:
        asker.close()

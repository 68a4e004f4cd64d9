"""Dead letters: what cannot be stored, kept whole in Kafka and told to its sender by MongoDB."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
from pymongo import UpdateOne

from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document, collection, majority_collection
from chat_project.texts import MAX_ID_LENGTH, is_unicode
from consumers.errors import CAUSED_BY_CLIENTS, Poison
from consumers.records import Place, Record

MAX_ERROR_TEXT_BYTES = 1_024
"""Of an error's text, so that a dead letter never outgrows its topic."""

CONNECT = "__connect.errors."
"""Kafka Connect's header names, which the usual tools show."""

RETRY_OF = "emis.retry-of"
"""Header of a retried record: the id of the letter that it was."""

_IDS = ("messageId", "conversationId", "tenantId", "senderId")
_ID_FIELD = re.compile(rf'"({"|".join(_IDS)})"\s*:\s*"([^"\\\x00-\x1f\ufffd]{{1,255}})"')


class DeadLetter(msgspec.Struct, frozen=True):
    """A record that became poison, and why."""

    record: Record
    place: Place
    poison: Poison

    @property
    def id(self) -> str:
        """`<topic generation>:<partition>:<offset>`, the `_id` in the collection."""
        return letter_id(self.place)


class Kept(msgspec.Struct, frozen=True):
    """Partition and offset of a dead letter's record in the dead-letter topic."""

    p: int
    o: int


class DeadLetterTopic(Protocol):
    """Where dead letters are kept whole: `consumers.dead_letter_topic`, or a test's own."""

    def produce(self, letters: Sequence[DeadLetter]) -> Mapping[str, Kept]:
        """Where each letter's record lies, by id, once all are acknowledged; else RetryLater."""


class Buried(msgspec.Struct, frozen=True):
    """Which of some letters the collection holds already, by id."""

    known: frozenset[str] = frozenset()
    settled: frozenset[str] = frozenset()
    """Of these, the ones that need no record any more: it is kept, or the letter is closed."""


def letter_id(place: Place) -> str:
    return f"{place.t}:{place.p}:{place.o}"


def read_buried(letters: Sequence[DeadLetter]) -> Buried:
    """One read, with read concern majority; none for no letters."""
    if not letters:
        return Buried()
    found = list(
        majority_collection("dead_letters").find(
            {"_id": {"$in": [letter.id for letter in letters]}}, {"kept": 1, "closedAt": 1}
        )
    )
    return Buried(
        known=frozenset(each["_id"] for each in found),
        settled=frozenset(each["_id"] for each in found if "kept" in each or "closedAt" in each),
    )


def bury(letters: Sequence[DeadLetter], buried: Buried, topic: DeadLetterTopic) -> None:
    """Step 5: outcomes first, then the topic; both acknowledged when this returns.

    What is buried already stays as it is, so a redelivery changes nothing. A crash between the
    topic and the note of where the record lies leaves one copy more in the topic.
    """
    _write([_first_outcome(letter) for letter in letters if letter.id not in buried.known])
    missing = [letter for letter in letters if letter.id not in buried.settled]
    if missing:
        kept = topic.produce(missing)
        _write([_kept_at(letter, place) for letter, place in kept.items()])


def _write(updates: Sequence[UpdateOne]) -> None:
    if updates:
        collection("dead_letters").bulk_write(updates, ordered=False)


def _first_outcome(letter: DeadLetter) -> UpdateOne:
    return UpdateOne({"_id": letter.id}, {"$setOnInsert": _outcome(letter)}, upsert=True)


def _kept_at(letter: str, place: Kept) -> UpdateOne:
    return UpdateOne({"_id": letter}, {"$set": {"kept": msgspec.structs.asdict(place)}})


def run_below(t: int, partition: int, offset: int, limit: int) -> int:
    """How many dead letters lie directly below this offset without a gap, at most `limit`.

    One that a client alone causes is a gap.
    """
    places = [Place(t, partition, offset - back) for back in range(1, limit + 1)]
    wanted = [letter_id(place) for place in places if place.o >= 0]
    found = majority_collection("dead_letters").find(
        {"_id": {"$in": wanted}, "reason": {"$nin": list(CAUSED_BY_CLIENTS)}}, {"_id": 1}
    )
    present = {document["_id"] for document in found}
    for length, letter in enumerate(wanted):
        if letter not in present:
            return length
    return len(wanted)


def headers_of(letter: DeadLetter, group_id: str) -> list[tuple[str, str | bytes | None]]:
    """The record's own headers, then where it lay and why it was refused (UTF-8)."""
    record, poison = letter.record, letter.poison
    own = [header for header in record.headers if not header[0].startswith(CONNECT)]
    told = {
        f"{CONNECT}topic": record.topic,
        f"{CONNECT}partition": str(record.partition),
        f"{CONNECT}offset": str(record.offset),
        f"{CONNECT}stage": "VALUE_CONVERTER" if poison.reason == "malformed" else "TASK_PUT",
        f"{CONNECT}class.name": "consumers.writer.MessageWriter",
        f"{CONNECT}exception.class.name": poison.reason.value,
        f"{CONNECT}exception.message": _cut(poison.text),
        "emis.dlq.group": group_id,
        "emis.dlq.failed-at": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    return [*own, *((name, text.encode()) for name, text in told.items())]


def _outcome(letter: DeadLetter) -> Document:
    record = letter.record
    return {
        **lenient_ids(record.value),
        "reason": letter.poison.reason.value,
        "error": _cut(letter.poison.text),
        "at": datetime.now(UTC),
        **_appended_at(record),
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "eventType": record.header("event-type"),
    }


def _appended_at(record: Record) -> Document:
    """Absent of a record without a time."""
    milliseconds = record.timestamp_ms
    if milliseconds <= 0:
        return {}
    return {"appendedAt": datetime.fromtimestamp(milliseconds / 1_000, UTC)}


def lenient_ids(value: bytes | None) -> dict[str, str]:
    """The ids that can be made out in a broken record; those that cannot are absent.

    What is no JSON is searched for the fields as text: the first of each name counts.
    """
    fields: Mapping[str, Any]
    try:
        parsed: Any = json.loads(value or b"")
        fields = parsed if isinstance(parsed, dict) else {}
    except (ValueError, RecursionError):
        found = _ID_FIELD.findall((value or b"").decode("utf-8", "replace"))
        fields = dict(reversed(found))
    return {name: canonical_id(fields[name]) for name in _IDS if _is_id(fields.get(name))}


def _is_id(value: object) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_ID_LENGTH:
        return False
    return is_unicode(value)


def _cut(text: str) -> str:
    return text.encode("utf-8", "replace")[:MAX_ERROR_TEXT_BYTES].decode("utf-8", "ignore")

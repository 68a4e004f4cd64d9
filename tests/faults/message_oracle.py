"""What must have become of each record and message; shares no code with the product."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from pymongo.database import Database

from tests.faults.fold import MessageHistory, fold, mentions_in
from tests.faults.load import ANYTHING, CHANGED, READ, STORED, Coordinates
from tests.faults.logged import Log, Logged


def differences(
    log: Log,
    acknowledged: Mapping[Coordinates, str | None],
    messages: list[dict[str, Any]],
    letters: Mapping[Coordinates, dict[str, Any]],
    kept: Log,
) -> Iterator[str]:
    """`kept` is what the dead-letter topic holds of this log."""
    yield from _acknowledged(log, acknowledged)
    yield from _fates(log, messages, letters)
    yield from _kept(log, kept, letters)
    yield from _changes(log, messages, letters)


def unstored_answers(
    answered: Mapping[str, dict[str, Any]], database: Database[dict[str, Any]]
) -> list[str]:
    """Each answer 200 is stored, each key once, under the id that was answered."""
    found: dict[str, list[str]] = defaultdict(list)
    for document in database["messages"].find({}, {"content": 1}):
        found[document["content"]].append(document["_id"])
    return [
        f"key {key} was answered {data['messageId']}, stored is {found[key]}"
        for key, data in answered.items()
        if found[key] != [data["messageId"]]
    ]


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
        "mentions": mentions_in(stored),
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

"""What conversations and participants must tell of the log; shares no code with the product."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pymongo.database import Database

from tests.faults.load import ANYTHING, CHANGED, READ, STORED, Coordinates
from tests.faults.logged import Log

MARKED = (STORED, ANYTHING, CHANGED, "id_conflict", "wrong_tenant", "unknown_target")
"""Expectations of records that move their conversation's mark: they were understood."""


def differences(
    log: Log,
    messages: list[dict[str, Any]],
    heads: Mapping[str, dict[str, Any]],
    database: Database[dict[str, Any]],
) -> Iterator[str]:
    """`heads` are the conversations' documents by id."""
    yield from _positions(log, database)
    yield from _conversations(log, messages, heads)


def _positions(log: Log, database: Database[dict[str, Any]]) -> Iterator[str]:
    """Each participant has read as far as the furthest of their events says, if any reaches that."""
    furthest: dict[tuple[str, str], int] = {}
    for record in log.values():
        if record.expects == READ:
            body = record.body
            pair = (body["conversationId"], body["userId"])
            furthest[pair] = max(furthest.get(pair, 0), body["upToSeq"])
    for participant in database["participants"].find():
        pair = (participant["conversationId"], participant["userId"])
        due = max(furthest.get(pair, 0), participant["joinedSeq"])
        if participant["readSeq"] != due:
            yield f"{pair} has read up to {participant['readSeq']}, not {due}"
        if ("readAt" in participant) is not (furthest.get(pair) == due):
            yield f"{pair} has read at {participant.get('readAt')}"


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

"""Which dead letters an operator means, and what the collection says of each."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from chat_project.mongodb import Document, majority_collection
from consumers.dead_letters import Kept


class State(StrEnum):
    """What became of a letter; all but `open` are kept in its field `closedHow`."""

    OPEN = "open"
    RETRIED = "retried"
    DISCARDED = "discarded"
    STORED = "stored"


class RetriedAs(msgspec.Struct, frozen=True):
    """Where in its topic a letter's record was produced again."""

    t: int
    p: int
    o: int


class Letter(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """One document of the collection `dead_letters` (contract section 8)."""

    id: str = msgspec.field(name="_id")
    reason: str
    error: str = ""
    at: datetime
    appended_at: datetime | None = None
    """When its record came into the log; unknown of an older release's letter."""
    topic: str
    partition: int
    offset: int
    event_type: str | None = None
    message_id: str | None = None
    conversation_id: str | None = None
    tenant_id: str | None = None
    sender_id: str | None = None
    kept: Kept | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_how: State | None = None
    retried_as: RetriedAs | None = None

    @property
    def state(self) -> State:
        return self.closed_how or State.OPEN


class Selection(msgspec.Struct, frozen=True):
    """Ids, or what all wanted letters have in common; `state` None is any. `until` is excluded."""

    ids: tuple[str, ...] = ()
    reason: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    conversation_id: str | None = None
    tenant_id: str | None = None
    state: State | None = State.OPEN

    def query(self) -> Document:
        if self.ids:
            return {"_id": {"$in": list(self.ids)}}
        query: Document = {"closedHow": _closed_how(self.state)}
        if self.conversation_id:
            query["conversationId"] = self.conversation_id
        if self.tenant_id:
            query["tenantId"] = self.tenant_id
        if self.reason:
            query["reason"] = self.reason
        bounds = {"$gte": self.since, "$lt": self.until}
        if at := {name: bound for name, bound in bounds.items() if bound}:
            query["at"] = at
        return query


def _closed_how(state: State | None) -> Any:
    """As an equality or a list of them, which the index serves in the order of `at`."""
    if state is None:
        return {"$in": [None, *(each.value for each in State if each != State.OPEN)]}
    return None if state == State.OPEN else state.value


def newest(selection: Selection, limit: int) -> list[Letter]:
    """With the errors' texts, which the others leave out."""
    found = majority_collection("dead_letters").find(selection.query())
    return [_letter(each) for each in found.sort("at", -1).limit(limit)]


def in_log_order(selection: Selection) -> list[Letter]:
    """All of them (some 1 KB of memory each), by topic as their records followed each other: by time,
    because those of one conversation may lie in several partitions, then by place."""
    found = majority_collection("dead_letters").find(selection.query(), {"error": 0})
    return sorted(map(_letter, found), key=_order)


def _order(letter: Letter) -> tuple[str, datetime, tuple[int, ...]]:
    generation = letter.id.partition(":")[0]
    t = int(generation) if generation.isdecimal() else 0
    return letter.topic, letter.appended_at or letter.at, (t, letter.partition, letter.offset)


def letters_where(query: Document) -> list[Letter]:
    """All that match, in no order."""
    return [_letter(each) for each in majority_collection("dead_letters").find(query, {"error": 0})]


def count_by_reason(letters: Sequence[Letter]) -> dict[str, int]:
    return dict(Counter(letter.reason for letter in letters).most_common())


def count(selection: Selection) -> int:
    return majority_collection("dead_letters").count_documents(selection.query())


def missing(selection: Selection, letters: Sequence[Letter]) -> list[str]:
    """The ids that there is no letter of."""
    found = {letter.id for letter in letters}
    return [each for each in selection.ids if each not in found]


def is_stored(message_id: str | None) -> bool:
    return bool(message_id and majority_collection("messages").find_one({"_id": message_id}, {}))


def _letter(document: Document) -> Letter:
    return msgspec.convert(document, Letter)

"""How the list of dead letters is read: newest first, by the index of their state."""

from collections.abc import Iterator

from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document, majority_collection
from consumers.letters.counting import ALL_BY_TIME, OF_TENANT_BY_TIME
from consumers.letters.selection import Selection, State
from staff.found import Found, Reading, read
from staff.scope import Scope

NEWEST_FIRST = [("at", -1)]
MAX_FOUND = 1_000


def find_letters(
    scope: Scope,
    *,
    reason: str | None,
    state: State | None,
    term: str,
    page: int,
    size: int,
) -> Found:
    """Raises pymongo's errors."""
    if scope.is_nothing:
        return Found()
    if term.strip():
        return _searched(scope, term.strip(), page=page, size=size)
    return read("dead_letters", reading_of(scope, reason, state), page=page, size=size)


def reading_of(scope: Scope, reason: str | None, state: State | None) -> Reading:
    query = Selection(reason=reason, tenant_id=scope.tenant_id, state=state).query()
    index = ALL_BY_TIME if scope.is_all else OF_TENANT_BY_TIME
    return Reading(query, index, NEWEST_FIRST)


def searches(scope: Scope, term: str) -> Iterator[tuple[Document, str]]:
    """What a term may be, each with its index: a letter's, a message's, a conversation's id."""
    ways = {"_id": "_id_", "messageId": "message", "conversationId": "conversation_time"}
    for field, index in ways.items():
        yield {field: canonical_id(term), **scope.query()}, index


def _searched(scope: Scope, term: str, *, page: int, size: int) -> Found:
    """In whatever state; some at most, so that they are put into their order here."""
    letters = majority_collection("dead_letters")
    times = {
        each["_id"]: each["at"]
        for query, index in searches(scope, term)
        for each in letters.find(query, {"at": 1}, hint=index, limit=MAX_FOUND)
    }
    keys = sorted(times, key=lambda key: times[key], reverse=True)
    is_cut_off = len(keys) >= MAX_FOUND
    return Found(keys[(page - 1) * size : page * size], len(keys), is_cut_off=is_cut_off)

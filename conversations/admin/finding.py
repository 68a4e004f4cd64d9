"""How the list of conversations is read: by which index, in which order. No query sorts or scans."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from chat_project.mongodb import Document
from conversations.admin.searching import candidates
from conversations.values import ConversationType
from staff.found import Found, Reading, read
from staff.scope import Scope

NEWEST_FIRST = [("_id", -1)]
LAST_ACTIVE_FIRST = [("lastMessage.sentAt", -1), ("_id", -1)]

MORE_MATCH = "More than can be shown match: these are some of them. Add a word, or choose a school."


NEEDS_A_SCHOOL = "The last activity is known within one school: choose a school, too."


class Activity(StrEnum):
    """When something was written last; the values are those of the list's address."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    LONGER = "longer"
    NEVER = "never"


WITHIN = {
    Activity.DAY: timedelta(days=1),
    Activity.WEEK: timedelta(days=7),
    Activity.MONTH: timedelta(days=30),
}


class Asked(msgspec.Struct, frozen=True):
    """What somebody wants listed; without a `term`, `activity` needs a scope of one school."""

    scope: Scope
    type: ConversationType | None = None
    is_active: bool | None = None
    activity: Activity | None = None
    term: str = ""


def find(asked: Asked, *, page: int, size: int, now: datetime) -> Found:
    """Raises pymongo's errors."""
    if asked.scope.is_nothing:
        return Found()
    if not asked.term.strip():
        if asked.activity and asked.scope.is_all:
            return Found(note=NEEDS_A_SCHOOL)
        return read("conversations", reading_of(asked, now), page=page, size=size)
    ids, is_complete = candidates(asked.scope, asked.term)
    found = read("conversations", reading_among(asked, ids, now), page=page, size=size)
    if is_complete:
        return found
    return msgspec.structs.replace(found, note=MORE_MATCH, is_cut_off=True)


def reading_among(asked: Asked, ids: list[str], now: datetime) -> Reading:
    """Those of these ids that are asked for, newest first."""
    query = {"_id": {"$in": ids}, **asked.scope.query(), **_state(asked), **_activity(asked, now)}
    return Reading(query, "_id_", NEWEST_FIRST)


def reading_of(asked: Asked, now: datetime) -> Reading:
    """Without a search. A state that is not asked for is named in full, so that the index, which
    begins with it, still has the order."""
    tenant, activity = asked.scope.query(), _activity(asked, now)
    if activity and tenant:
        query = {**tenant, **activity, **_state(asked)}
        return Reading(query, "tenant_activity", LAST_ACTIVE_FIRST)
    every_state: Document = {
        "isActive": {"$in": [True, False]},
        "type": {"$in": [each.value for each in ConversationType]},
    }
    if tenant:
        return Reading(
            {**tenant, **every_state, **_state(asked)}, "tenant_state_type", NEWEST_FIRST
        )
    if state := _state(asked):
        return Reading({**every_state, **state}, "state_type", NEWEST_FIRST)
    return Reading({}, "_id_", NEWEST_FIRST)


def _state(asked: Asked) -> Document:
    state: Document = {}
    if asked.is_active is not None:
        state["isActive"] = asked.is_active
    if asked.type is not None:
        state["type"] = asked.type.value
    return state


def _activity(asked: Asked, now: datetime) -> Document:
    if asked.activity is None:
        return {}
    if asked.activity is Activity.NEVER:
        return {"lastMessage.sentAt": None}
    if asked.activity is Activity.LONGER:
        return {"lastMessage.sentAt": {"$lt": now - WITHIN[Activity.MONTH]}}
    return {"lastMessage.sentAt": {"$gte": now - WITHIN[asked.activity]}}

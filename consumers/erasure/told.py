"""What was noted of a school's life, without one person. Pure (decision 0023)."""

from collections.abc import Callable, Collection, Mapping
from re import Pattern
from typing import Any

import msgspec

from conversations.erased import pattern_of, unmistakable, without_names

_SAID = ("content", "history", "senderName", "replyTo", "mentions", "reactions", "attachments")
_CALLED = ("userName", "words")
_QUOTED = ("content", "senderName")


class Person(msgspec.Struct, frozen=True):
    """Who is erased. `full_names` finds those of two words or more: a single one may be anybody's."""

    user_id: str
    names: Pattern[str] | None
    full_names: Pattern[str] | None


def person_of(user_id: str, names: Collection[str]) -> Person:
    return Person(user_id, pattern_of(names), pattern_of(unmistakable(names)))


def without(value: Any, person: Person, names: Pattern[str] | None) -> Any:
    """A copy in which what has their id neither says anything nor has a name, and no text has one of
    these names.

    Messages of others are as where they are stored: one that mentions them, or that the system wrote,
    has none of all their names, any other stays as it is. So do names beside somebody else's id.
    """
    if isinstance(value, str):
        return without_names(value, names)
    if isinstance(value, list):
        return [without(each, person, names) for each in value]
    if not isinstance(value, Mapping):
        return value
    gone, kept = _gone(value, person), _kept(value)
    by_field = _names_by_field(value, person, names)
    return {
        name: each if name in kept else without(each, person, by_field(name))
        for name, each in value.items()
        if name not in gone
    }


def _names_by_field(
    document: Mapping[str, Any], person: Person, names: Pattern[str] | None
) -> Callable[[str], Pattern[str] | None]:
    """Of a message only the texts: a single word may be an id. A `lastMessage` has no type, and so
    does not tell whom it mentions, nor that the system wrote it."""
    if "senderId" not in document or "type" not in document:
        return lambda _field: names
    mentions = document.get("mentions")
    is_mentioned = isinstance(mentions, list) and any(
        isinstance(each, Mapping) and each.get("userId") == person.user_id for each in mentions
    )
    told = person.names if is_mentioned or document["type"] == "System" else None
    return {"content": told, "history": told, "replyTo": person.full_names}.get


def _gone(document: Mapping[str, Any], person: Person) -> tuple[str, ...]:
    """Of their message, of them, or of a reply's quote, which has no id, of somebody of their name."""
    if document.get("senderId") == person.user_id:
        return _SAID
    if document.get("userId") == person.user_id:
        return _CALLED
    name = document.get("senderName")
    if "senderId" in document or not isinstance(name, str) or person.names is None:
        return ()
    return _QUOTED if person.names.fullmatch(name.strip()) else ()


def _kept(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of whom it has the id of."""
    called = _CALLED if "userId" in document else ()
    return (*called, "senderName") if "senderId" in document else called

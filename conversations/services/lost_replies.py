"""Changes whose commit MongoDB may have made without an answer: the cache is told what is there.

Otherwise it would keep, for instance, the role of a participant who is removed, until its time is over.
"""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from msgspec.structs import replace
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from chat_project.mongodb import collection
from conversations import cache
from conversations.selectors import memberships, settings_and_version, settings_of
from conversations.values import ConversationSettings, Membership


class Note(Protocol):
    def __call__(self, conversation_id: str, user_ids: Collection[str] = ()) -> None:
        """The last thing in a transaction's work: whom it changes, if it commits."""


@contextmanager
def told_to_the_cache() -> Iterator[Note]:
    """Around a transaction. If pymongo's error comes out of it after its work was done once, the
    error goes on, and a thread reads and publishes what was noted."""
    changed: dict[str, set[str]] = {}

    def note(conversation_id: str, user_ids: Collection[str] = ()) -> None:
        changed.setdefault(conversation_id, set()).update(user_ids)

    try:
        yield note
    except PyMongoError:
        for conversation_id, user_ids in changed.items():
            cache.publish_later(partial(_as_decided, conversation_id, user_ids))
        raise


def publish_as_stored(conversation_id: str, user_id: str) -> None:
    """What a refusal to change it has just found. Raises pymongo's errors."""
    if settings := settings_and_version([conversation_id]).get(conversation_id):
        cache.publish(settings, _members(settings, [user_id]))


def _as_decided(
    conversation_id: str, user_ids: Collection[str]
) -> tuple[ConversationSettings, dict[str, Membership]] | None:
    """None: there is no such conversation. Raises pymongo's errors.

    Raising the version waits until a transaction that is still open there has ended, and lets the
    cache refuse whoever has read before.
    """
    found = collection("conversations").find_one_and_update(
        {"_id": conversation_id},
        {"$inc": {"version": 1}},
        return_document=ReturnDocument.AFTER,
    )
    if found is None:
        return None
    settings = settings_of(found)
    return settings, _members(settings, user_ids)


def _members(settings: ConversationSettings, user_ids: Collection[str]) -> dict[str, Membership]:
    """Read after the version, non-members included."""
    loaded_at = time.time()
    found = memberships([(settings.id, user_id) for user_id in user_ids])
    return {
        user_id: replace(
            found.get((settings.id, user_id), Membership()),
            version=settings.version,
            loaded_at=loaded_at,
        )
        for user_id in user_ids
    }

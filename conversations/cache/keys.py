"""The keys, as they are called in Redis, and how long they live.

An id may come from anybody and hold anything; none makes the key of another conversation.
"""

from functools import cache

import msgspec

from chat_project.settings.environment import environment

UNKNOWN_SECONDS = 5
"""How long an unknown conversation id is remembered as such."""


_MEMBERS, _HEAD = ":members", ":head"


def settings_key(conversation_id: str) -> str:
    """JSON of ConversationSettings, or MISSING. An id that ends like the key of another's members or
    head gets a beginning of its own."""
    is_odd = conversation_id.endswith((_MEMBERS, _HEAD))
    return f"{'odd-' if is_odd else ''}conversation:{conversation_id}"


def members_key(conversation_id: str) -> str:
    """Hash: user id -> JSON of Membership."""
    return f"conversation:{conversation_id}{_MEMBERS}"


def head_key(conversation_id: str) -> str:
    """JSON {lastSeq, lastMessage, mark: {t, p, o}}."""
    return f"conversation:{conversation_id}{_HEAD}"


def record_key(message_id: str) -> str:
    """JSON of AcceptanceRecord."""
    return f"message:{message_id}:accepted"


def stored_key(minute: int) -> str:
    """Hash: tenant id -> messages stored in this minute since 1970."""
    return f"stored:{minute}"


def bucket_key(*owner: str) -> str:
    """The microsecond of Redis' clock at which the token bucket is full: `limits`.

    JSON of the ids, because any other way to join them lets two owners share a key.
    """
    return f"rate:{msgspec.json.encode(owner).decode()}"


def repeats_key(bucket: str) -> str:
    """The same of what the owner of that bucket sends again."""
    return f"{bucket}:repeats"


CLOCKS_DIFFER_SECONDS = 5.0
"""How far the clocks of two hosts may be apart."""


def is_fresh(loaded_at: float, now: float) -> bool:
    """Epoch seconds, `loaded_at` by the clock of any host. One that is ahead must not lengthen the
    life of what it has loaded."""
    return now - ttl_seconds() <= loaded_at <= now + CLOCKS_DIFFER_SECONDS


@cache
def ttl_seconds() -> int:
    return max(1, round(environment().cache_ttl_minutes * 60))


@cache
def record_ttl_seconds() -> int:
    return max(1, round(environment().acceptance_record_minutes * 60))

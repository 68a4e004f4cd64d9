"""What Redis keeps of conversations, and the records of accepted messages.

This package alone knows these keys. Redis away: every answer comes from MongoDB and is the same.
"""

from conversations.cache.heads import Head, Mark, refresh_heads
from conversations.cache.limits import REPEATS_TO_ONE, Limited, Scope, limits_of
from conversations.cache.lookups import Found, Lookup, look_up
from conversations.cache.publication import publish, publish_later
from conversations.cache.records import (
    AcceptanceRecord,
    forget_record,
    forget_records,
    living_records,
    read_record,
    replace_records,
)
from conversations.cache.stored import StoredInMinute, stored_per_minute
from conversations.values import ConversationSettings, Membership

__all__ = [
    "REPEATS_TO_ONE",
    "AcceptanceRecord",
    "ConversationSettings",
    "Found",
    "Head",
    "Limited",
    "Lookup",
    "Mark",
    "Membership",
    "Scope",
    "StoredInMinute",
    "forget_record",
    "forget_records",
    "limits_of",
    "living_records",
    "look_up",
    "publish",
    "publish_later",
    "read_record",
    "refresh_heads",
    "replace_records",
    "stored_per_minute",
]

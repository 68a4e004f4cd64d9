"""Ids of conversations, messages and events."""

import hashlib
import re
from collections.abc import Sequence
from uuid import UUID

import msgspec
import uuid_utils

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

_RAND_A_BITS, _RAND_B_BITS = 12, 62


def new_id() -> str:
    """A hyphenated lower-case UUIDv7: 36 characters, ordered by time of making."""
    return str(uuid_utils.uuid7())


def canonical_id(value: str) -> str:
    """A GUID in lower case; any other id as it is (contract section 5)."""
    if len(value) != 36 or value.islower():  # nearly every id; the pattern is for the rest
        return value
    return value.lower() if _GUID.fullmatch(value) else value


def derived_id(parts: Sequence[str], key: str) -> str:
    """The UUIDv7 that an idempotency key always gives; stored for ever (contract section 8).

    Time: the key's own if the key is a UUIDv7, else zero. The 74 random bits are the first of
    SHA-256 over the compact JSON array of `parts`, which say whose key it is, and the key.
    """
    digest = hashlib.sha256(msgspec.json.encode([*parts, key])).digest()
    random = int.from_bytes(digest, "big") >> (256 - _RAND_A_BITS - _RAND_B_BITS)
    rand_a, rand_b = random >> _RAND_B_BITS, random & ((1 << _RAND_B_BITS) - 1)
    version, variant = 0b0111 << 76, 0b10 << 62
    return str(UUID(int=_milliseconds_of(key) << 80 | version | rand_a << 64 | variant | rand_b))


def _milliseconds_of(key: str) -> int:
    try:
        candidate = UUID(key)
    except ValueError:
        return 0
    hyphenated = len(key) == 36
    return candidate.int >> 80 if hyphenated and candidate.version == 7 else 0

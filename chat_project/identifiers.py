"""Ids of conversations, messages and events."""

import re

import uuid_utils

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def new_id() -> str:
    """A hyphenated lower-case UUIDv7: 36 characters, ordered by time of making."""
    return str(uuid_utils.uuid7())


def canonical_id(value: str) -> str:
    """A GUID in lower case; any other id as it is (contract section 5)."""
    if len(value) != 36 or value.islower():  # nearly every id; the pattern is for the rest
        return value
    return value.lower() if _GUID.fullmatch(value) else value

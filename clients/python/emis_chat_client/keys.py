"""Idempotency keys: what makes it harmless to send the same POST twice."""

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

CLIENT_MESSAGE_ID = "clientMessageId"


def new_key() -> str:
    """A UUIDv7. The service takes over its time, so that message ids stay in order of sending."""
    random = int.from_bytes(os.urandom(10))
    milliseconds = time.time_ns() // 1_000_000
    rand_a, rand_b = random >> 68, random & ((1 << 62) - 1)
    return str(UUID(int=milliseconds << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b))


def with_key(body: Mapping[str, Any] | None) -> tuple[Mapping[str, Any] | None, str | None]:
    """A POST's body and the key for its header: one of them has it, never both.

    A text that has its own key keeps it, and each text of a list gets one.
    """
    if body is None:
        return body, new_key()
    if body.get(CLIENT_MESSAGE_ID) is not None:
        return body, None
    for name, value in body.items():
        if _holds_texts(value):
            return {**body, name: [_keyed(text) for text in value]}, None
    return body, new_key()


def _holds_texts(value: Any) -> bool:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return is_list and any(hasattr(item, "client_message_id") for item in value)


def _keyed(text: Any) -> Any:
    if text.client_message_id is not None:
        return text
    return msgspec.structs.replace(text, client_message_id=new_key())

"""Records that cannot be stored: by name, how each is made, and the reason of its dead letter."""

from collections.abc import Callable
from typing import Any

from tests.consumers.events import event

POISON: dict[str, tuple[Callable[[str], Any], dict[str, Any], str]] = {
    "not JSON": (lambda room: b"{not json", {}, "malformed"),
    "not UTF-8": (lambda room: b'{"content":"\xff\xfe"}', {}, "malformed"),
    "a lone surrogate": (lambda room: b'{"messageId":"\\ud800"}', {}, "malformed"),
    "50,000 deep": (lambda room: b'{"mentions":' + b"[" * 50_000, {}, "malformed"),
    "an array": (lambda room: b"[]", {}, "malformed"),
    "a tombstone of Kafka": (lambda room: None, {}, "malformed"),
    "no message id": (lambda room: event(room, messageId=None), {}, "malformed"),
    "an id with a line break": (lambda room: event(room, messageId="a\nb"), {}, "malformed"),
    "an endless reply id": (
        lambda room: event(room, replyToMessageId="x" * 256),
        {},
        "malformed",
    ),
    "a number beyond 64 bit": (
        lambda room: event(room, mentions=[{"userId": "u", "startIndex": 2**64, "length": 1}]),
        {},
        "malformed",
    ),
    "a date that is none": (lambda room: event(room, sentAt="yesterday"), {}, "malformed"),
    "a date beyond the calendar": (
        lambda room: event(room, sentAt="9999-12-31T23:59:59-05:00"),
        {},
        "malformed",
    ),
    "an unknown message type": (lambda room: event(room, type="Hologram"), {}, "malformed"),
    "no content": (lambda room: event(room, content=None), {}, "malformed"),
    "no event-type": (event, {"event_type": None}, "malformed"),
    "an empty event-type": (event, {"event_type": ""}, "malformed"),
    "content over the limit": (lambda room: event(room, content="😀" * 2_501), {}, "oversize"),
    "too many mentions": (
        lambda room: event(room, mentions=[{"userId": "u"}] * 101),
        {},
        "oversize",
    ),
    "an unknown conversation": (
        lambda room: event(f"nowhere-{room}"),
        {},
        "unknown_conversation",
    ),
    "another tenant": (lambda room: event(room, tenant_id="tenant-2"), {}, "wrong_tenant"),
    "another key": (event, {"key": "another"}, "wrong_partition"),
    "another partition": (event, {"partition": 11}, "wrong_partition"),
}

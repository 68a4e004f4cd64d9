"""Records and events as the tests of the consumer make them."""

from typing import Any
from zlib import crc32

import msgspec

from chat_project.identifiers import new_id
from consumers.records import Record

TOPIC = "test.message.sent"
SENT_AT = "2025-11-07T10:00:00Z"
CHANGED_AT = "2025-11-07T10:05:00Z"


def event(conversation_id: str, *, tenant_id: str = "tenant-1", **fields: Any) -> dict[str, Any]:
    """The JSON fields of a MessageSentEvent; any of them can be given or replaced."""
    return {
        "id": new_id(),
        "occurredOn": SENT_AT,
        "messageId": new_id(),
        "conversationId": conversation_id,
        "tenantId": tenant_id,
        "senderId": "user-1",
        "senderName": "An",
        "content": "Xin chào",
        "sentAt": SENT_AT,
        "mentions": [],
        "recipientUserIds": [],
        **fields,
    }


def change(conversation_id: str, *, tenant_id: str = "tenant-1", **fields: Any) -> dict[str, Any]:
    """The JSON fields that every change has; those of its kind are given."""
    return {
        "id": new_id(),
        "occurredOn": CHANGED_AT,
        "conversationId": conversation_id,
        "tenantId": tenant_id,
        "userId": "user-1",
        "userName": "An",
        "at": CHANGED_AT,
        **fields,
    }


def record(
    body: dict[str, Any] | bytes | None,
    *,
    offset: int,
    key: str | None = None,
    partition: int | None = None,
    event_type: str | None = "MessageSentEvent",
    timestamp_ms: int = 0,
    topic: str = TOPIC,
    partitions: int = 10,
) -> Record:
    """A record as Kafka would hand it on; key and partition follow from the body by default."""
    if key is None:
        key = body["conversationId"] if isinstance(body, dict) else "none"
    headers = [("event-type", event_type.encode())] if event_type is not None else []
    return Record(
        topic=topic,
        partition=crc32(key.encode()) % partitions if partition is None else partition,
        offset=offset,
        key=key.encode(),
        value=msgspec.json.encode(body) if isinstance(body, dict) else body,
        headers=tuple(headers),
        timestamp_ms=timestamp_ms,
    )

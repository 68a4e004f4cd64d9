"""An edit may hold more than a client may send where an erasure publishes it, and only there."""

from datetime import UTC, datetime
from typing import Any

import jsonschema
import msgspec
import pytest

from chat_project.identifiers import new_id
from conversations.telling import SYSTEM
from messaging.changes import MessageEditedEvent, decode_later, encode_later
from messaging.events import MAX_CONTENT_UTF16_UNITS, OversizeEvent
from tests.asyncapi.document import check

NOW = datetime(2025, 11, 7, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("user_id", "redacts", "is_valid"),
    [(SYSTEM.user_id, True, True), (SYSTEM.user_id, None, False), ("teacher-1", True, False)],
    ids=["the system redacts", "the system edits", "somebody redacts"],
)
def test_only_what_the_system_redacts_may_be_longer(
    user_id: str, redacts: bool | None, is_valid: bool
) -> None:
    event = MessageEditedEvent(
        conversation_id=new_id(),
        tenant_id="school-1",
        user_id=user_id,
        message_id=new_id(),
        user_name="Lê Văn Dũng",
        at="2025-11-07T10:00:00.000Z",
        content="x" * (MAX_CONTENT_UTF16_UNITS + 1),
        redacts=redacts,
    )
    value = encode_later(event, occurred_on=NOW).value

    assert is_decoded(value) is is_documented(msgspec.json.decode(value)) is is_valid


def is_decoded(value: bytes) -> bool:
    try:
        decode_later(value, MessageEditedEvent)
    except OversizeEvent:
        return False
    return True


def is_documented(payload: Any) -> bool:
    try:
        check(payload, "MessageEditedEvent")
    except jsonschema.ValidationError:
        return False
    return True

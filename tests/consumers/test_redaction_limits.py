"""Only what the system itself redacts may be longer than a text that is sent."""

from collections.abc import Callable
from typing import Any

import pytest

from conversations.telling import SYSTEM
from messaging.changes import MAX_REDACTED_UTF16_UNITS
from messaging.events import MAX_CONTENT_UTF16_UNITS
from tests.consumers.conftest import Consumer, Log, stored

OVER = "x" * (MAX_CONTENT_UTF16_UNITS + 1)
BY_SYSTEM = {"userId": SYSTEM.user_id, "redacts": True}


@pytest.mark.parametrize(
    ("fields", "is_applied"),
    [
        ({**BY_SYSTEM, "content": OVER}, True),
        ({**BY_SYSTEM, "content": "x" * MAX_REDACTED_UTF16_UNITS}, True),
        ({**BY_SYSTEM, "content": "x" * (MAX_REDACTED_UTF16_UNITS + 1)}, False),
        ({"userId": "user-1", "redacts": True, "content": OVER}, False),
        ({"userId": SYSTEM.user_id, "content": OVER}, False),
        ({"userId": "user-1", "content": OVER}, False),
    ],
    ids=[
        "the system redacts",
        "up to its limit",
        "over its limit",
        "somebody redacts",
        "the system edits",
        "somebody edits",
    ],
)
def test_an_edit_over_the_limit_of_texts(
    log: Log,
    consumer: Consumer,
    conversation: Callable[..., str],
    fields: dict[str, Any],
    is_applied: bool,
) -> None:
    room = conversation(names={"user-1": "An"})
    message_id = log.send(room, content="Xin chào")
    log.change("MessageEditedEvent", room, messageId=message_id, **fields)

    consumer.apply(log.records)

    reasons = [letter.poison.reason.value for letter in consumer.dead_letters.letters]
    assert reasons == ([] if is_applied else ["oversize"])
    assert [each["content"] == fields["content"] for each in stored(room)] == [is_applied]

"""What an answer about a message holds."""

from typing import Any

# Contract section 5: every answer carries every field.
FIELDS_WHEN_SENDING: dict[str, Any] = {
    "seq": None,
    "type": "Text",
    "attachments": [],
    "replyTo": None,
    "mentions": [],
    "reactions": [],
    "status": "Sending",
    "editedAt": None,
    "isDeleted": False,
    "isPinned": False,
    "pinnedBy": None,
    "pinnedAt": None,
    "readReceipts": [],
    "readCount": 0,
    "failureReason": None,
}

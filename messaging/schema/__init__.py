"""The OpenAPI description of the message endpoints; nothing here runs in a request."""

from messaging.schema.changes import DELETE, EDIT, MARK_READ, PIN, REACT, UNPIN, UNREACT
from messaging.schema.reads import (
    DOWNLOADS,
    HISTORY,
    MENTIONING,
    OF_TYPE,
    PINNED,
    RETRIEVE,
    SEARCH,
)
from messaging.schema.sending import SEND_ATTACHMENT, SEND_BATCH, SEND_TEXT

__all__ = [
    "DELETE",
    "DOWNLOADS",
    "EDIT",
    "HISTORY",
    "MARK_READ",
    "MENTIONING",
    "OF_TYPE",
    "PIN",
    "PINNED",
    "REACT",
    "RETRIEVE",
    "SEARCH",
    "SEND_ATTACHMENT",
    "SEND_BATCH",
    "SEND_TEXT",
    "UNPIN",
    "UNREACT",
]

"""Message ids and fingerprints whose formats are stored for ever (contract section 8)."""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from chat_project.identifiers import derived_id


def derived_message_id(tenant_id: str, sender_id: str, key: str) -> str:
    """The UUIDv7 that a send with this idempotency key always gets."""
    return derived_id([tenant_id, sender_id], key)


def derived_attachment_id(
    tenant_id: str, sender_id: str, key: str, *, file_name: str, sha256: str
) -> str:
    """The id that this file always gets under this idempotency key; `sha256` of it, in hex.

    Another file or name has another id, and so its message another fingerprint.
    """
    return derived_id([tenant_id, sender_id, file_name, sha256], key)


def fingerprint(
    conversation_id: str,
    content: str,
    reply_to_message_id: str | None,
    mentions: Iterable[tuple[str, int, int]],
    *,
    message_type: str = "Text",
    attachment_ids: Sequence[str] = (),
) -> bytes:
    """What was sent, in 16 bytes: equal for a retry, other for another payload (`src.h`).

    `mentions` are (userId, startIndex, length). Type and attachments count only when they are
    not the default, so that a text's fingerprint never depends on them.
    """
    sent: list[object] = [conversation_id, content, reply_to_message_id, list(mentions)]
    if message_type != "Text" or attachment_ids:
        sent += [message_type, list(attachment_ids)]
    return hashlib.sha256(msgspec.json.encode(sent)).digest()[:16]

"""Message ids and fingerprints whose formats are stored for ever (contract section 8)."""

import hashlib
from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec

_RAND_A_BITS, _RAND_B_BITS = 12, 62


def derived_message_id(tenant_id: str, sender_id: str, key: str) -> str:
    """The UUIDv7 that a send with this idempotency key always gets.

    Time: the key's own if the key is a UUIDv7, else zero. The 74 random bits are the first of
    SHA-256 over the compact JSON array [tenant, sender, key].
    """
    digest = hashlib.sha256(msgspec.json.encode([tenant_id, sender_id, key])).digest()
    random = int.from_bytes(digest, "big") >> (256 - _RAND_A_BITS - _RAND_B_BITS)
    rand_a, rand_b = random >> _RAND_B_BITS, random & ((1 << _RAND_B_BITS) - 1)
    version, variant = 0b0111 << 76, 0b10 << 62
    return str(UUID(int=_milliseconds_of(key) << 80 | version | rand_a << 64 | variant | rand_b))


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


def _milliseconds_of(key: str) -> int:
    try:
        candidate = UUID(key)
    except ValueError:
        return 0
    hyphenated = len(key) == 36
    return candidate.int >> 80 if hyphenated and candidate.version == 7 else 0

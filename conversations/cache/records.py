"""The acceptance record of a message: what was accepted when, kept for some time under its id."""

import msgspec

from chat_project.redis import RedisAway, guarded
from conversations.cache.keys import record_key


class AcceptanceRecord(msgspec.Struct, frozen=True, rename="camel"):
    """Made by the first request for a message; `sent_at` ISO-8601, `fingerprint` in hex."""

    tenant_id: str
    conversation_id: str
    sender_id: str
    sent_at: str
    fingerprint: str


encode_record = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AcceptanceRecord).decode


def decode_record(stored: bytes | str | None) -> AcceptanceRecord | None:
    """None for nothing, and for bytes that are no record of ours."""
    if stored is None:
        return None
    try:
        return _decode(stored)
    except msgspec.DecodeError:
        return None


def read_record(message_id: str) -> AcceptanceRecord | None:
    """None: none was made, its time is over, or Redis is away."""
    try:
        return guarded(lambda redis: decode_record(redis.get(record_key(message_id))))
    except RedisAway:
        return None


def forget_record(message_id: str) -> None:
    """Only for the request that made it, after a refusal. Redis away: it ends with its time."""
    try:
        guarded(lambda redis: redis.delete(record_key(message_id)))
    except RedisAway:
        return

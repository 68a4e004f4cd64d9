"""The acceptance record of a message: what was accepted when, kept for some time under its id."""

from collections.abc import Collection, Mapping
from functools import partial

import msgspec
from redis import Redis

from chat_project.redis import RedisAway, guarded
from conversations.cache.keys import record_key, record_ttl_seconds
from conversations.cache.retries import Retries


class AcceptanceRecord(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Made by the first request for a message; `sent_at` ISO-8601, `fingerprint` in hex.

    `type` is the message's. `is_unknown`: Kafka has not acknowledged it, so that it may come into the
    log behind whatever is sent now, or never. Neither is kept of a text as it should be, where it
    costs nothing.
    """

    tenant_id: str
    conversation_id: str
    sender_id: str
    sent_at: str
    fingerprint: str
    type: str = "Text"
    is_unknown: bool = False


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


def living_records(message_ids: Collection[str]) -> set[str]:
    """Which of these messages have a record; one round trip. Raises RedisAway."""
    ids = list(message_ids)
    if not ids:
        return set()
    keys = [record_key(message_id) for message_id in ids]
    found = guarded(lambda redis: redis.mget(keys))
    return {message_id for message_id, value in zip(ids, found, strict=True) if value is not None}


def replace_records(records: Mapping[str, AcceptanceRecord]) -> None:
    """Those that are still there, for the rest of their time; one round trip, none for no records.

    Redis away: a thread tries every second for as long as one can live.
    """
    if not records:
        return
    try:
        guarded(partial(_replace, records=records))
    except RedisAway:
        for message_id, record in records.items():
            _retries.add(message_id, partial(_replace, records={message_id: record}))


def _replace(redis: Redis, records: Mapping[str, AcceptanceRecord]) -> None:
    pipeline = redis.pipeline(transaction=False)
    for message_id, record in records.items():
        pipeline.set(record_key(message_id), encode_record(record), xx=True, keepttl=True)
    pipeline.execute()


def forget_record(message_id: str) -> None:
    """As `forget_records`, for one message."""
    forget_records([message_id])


def forget_records(message_ids: Collection[str]) -> None:
    """Only for the request that made them, after a refusal; one round trip.

    Redis away: they end with their time.
    """
    if not message_ids:
        return
    keys = [record_key(message_id) for message_id in message_ids]
    try:
        guarded(lambda redis: redis.delete(*keys))
    except RedisAway:
        return


_retries = Retries("acceptance records", record_ttl_seconds)

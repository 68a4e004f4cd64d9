"""What Redis holds of conversations, byte for byte: for audits, which compare and mend it."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from chat_project.redis import guarded
from conversations.cache.compared import MISSING
from conversations.cache.heads import Mark
from conversations.cache.keys import head_key, is_fresh, members_key, settings_key, ttl_seconds
from conversations.values import ConversationSettings, LastMessage, Membership


class CachedHead(msgspec.Struct, frozen=True, rename="camel"):
    """As `heads.refresh_heads` writes it."""

    last_seq: int
    last_message: LastMessage | None
    mark: Mark


class Cached(msgspec.Struct, frozen=True):
    """One conversation's values with the bytes they came from.

    `settings` and `head` None with bytes: MISSING, or not decodable. Members that are older than
    the time to live, or from the future, count as absent, as they do for the look-up. A member's field that is no UTF-8
    holds lone surrogates for its bytes; nobody can look it up.
    """

    conversation_id: str
    settings_bytes: bytes | None
    settings: ConversationSettings | None
    head_bytes: bytes | None
    head: CachedHead | None
    members: Mapping[str, tuple[bytes, Membership | None]]


_decode_settings = msgspec.json.Decoder(ConversationSettings).decode
_decode_head = msgspec.json.Decoder(CachedHead).decode
_decode_membership = msgspec.json.Decoder(Membership).decode
_encode = msgspec.json.Encoder().encode


def inspect(conversation_ids: Sequence[str]) -> list[Cached]:
    """What is cached of each, in one round trip. Raises RedisAway."""
    if not conversation_ids:
        return []
    pipeline_keys = [settings_key(id_) for id_ in conversation_ids]
    pipeline_keys += [head_key(id_) for id_ in conversation_ids]

    def ask(client: Any) -> list[Any]:
        pipeline = client.pipeline(transaction=False)
        pipeline.mget(pipeline_keys)
        for conversation_id in conversation_ids:
            pipeline.hgetall(members_key(conversation_id))
        replies: list[Any] = pipeline.execute()
        return replies

    values, *members = guarded(ask)
    settings, heads = values[: len(conversation_ids)], values[len(conversation_ids) :]
    return [
        Cached(
            conversation_id,
            settings_bytes,
            _decoded(_decode_settings, settings_bytes),
            head_bytes,
            _decoded(_decode_head, head_bytes),
            _members(fields),
        )
        for conversation_id, settings_bytes, head_bytes, fields in zip(
            conversation_ids, settings, heads, members, strict=True
        )
    ]


def _members(fields: Mapping[bytes, bytes]) -> dict[str, tuple[bytes, Membership | None]]:
    now = time.time()
    found = {}
    for user_id, value in fields.items():
        membership = _decoded(_decode_membership, value)
        if membership is None or is_fresh(membership.loaded_at, now):
            found[user_id.decode(errors="surrogateescape")] = (value, membership)
    return found


def _decoded(decode: Any, value: bytes | None) -> Any:
    if value is None:
        return None
    try:
        return decode(value)
    except msgspec.DecodeError:
        return None


# KEYS: the key. ARGV: the bytes seen, the new value, seconds to live.
_REPLACE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""

# KEYS: the hash. ARGV: field, the bytes seen, the new value.
_REPLACE_FIELD = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""

# KEYS: the key. ARGV: the bytes seen.
_REMOVE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""

# KEYS: the hash. ARGV: field, the bytes seen.
_REMOVE_FIELD = """
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
return redis.call('HDEL', KEYS[1], ARGV[1])
"""


def replace_settings(
    conversation_id: str, seen: bytes, settings: ConversationSettings | None
) -> bool:
    """Whatever its version, if these bytes are still there. Raises RedisAway."""
    value = MISSING if settings is None else _encode(settings)
    return _replace(settings_key(conversation_id), seen, value)


def replace_head(conversation_id: str, seen: bytes, head: CachedHead) -> bool:
    """Whatever its mark, if these bytes are still there. Raises RedisAway."""
    return _replace(head_key(conversation_id), seen, _encode(head))


def replace_member(conversation_id: str, user_id: str, seen: bytes, membership: Membership) -> bool:
    """Whatever its version, if these bytes are still there. Raises RedisAway."""
    key, field, value = members_key(conversation_id), _field(user_id), _encode(membership)
    done = guarded(lambda client: client.eval(_REPLACE_FIELD, 1, key, field, seen, value))
    return bool(done)


def remove_head(conversation_id: str, seen: bytes) -> bool:
    """Of a conversation that is gone, if these bytes are still there. Raises RedisAway."""
    key = head_key(conversation_id)
    return bool(guarded(lambda client: client.eval(_REMOVE, 1, key, seen)))


def remove_member(conversation_id: str, user_id: str, seen: bytes) -> bool:
    """A field that is no user id, if these bytes are still there. Raises RedisAway."""
    key, field = members_key(conversation_id), _field(user_id)
    return bool(guarded(lambda client: client.eval(_REMOVE_FIELD, 1, key, field, seen)))


def _field(user_id: str) -> bytes:
    return user_id.encode(errors="surrogateescape")


def _replace(key: str, seen: bytes, value: bytes) -> bool:
    done = guarded(lambda client: client.eval(_REPLACE, 1, key, seen, value, ttl_seconds()))
    return bool(done)

"""The cached head of a conversation, as the consumer left it last."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from redis import Redis

from chat_project.redis import RedisAway, guarded
from conversations.cache.keys import head_key, stored_key, ttl_seconds
from conversations.cache.retries import Retries
from conversations.cache.stored import KEPT_SECONDS, StoredInMinute
from conversations.values import LastMessage

HEADS_AT_ONCE = 1_000


class Mark(msgspec.Struct, frozen=True):
    """A place in the log: topic generation, partition, offset; compared in this order."""

    t: int
    p: int
    o: int


class Head(msgspec.Struct, frozen=True):
    """Number and content of the newest message, with the place up to which it is true."""

    conversation_id: str
    last_seq: int
    last_message: LastMessage | None
    mark: Mark


# KEYS: the heads' keys, then the minute's if messages are counted. ARGV: seconds to live, how many
# heads; for each of them value, t, p, o; then the count's seconds to live, tenant, count, tenant, …
_SET_UNLESS_FURTHER = """
local function further(old, t, p, o)
  if old.t ~= t then return old.t > t end
  if old.p ~= p then return old.p > p end
  return old.o > o
end
local written, heads = 0, tonumber(ARGV[2])
for i = 1, heads do
  local key = KEYS[i]
  local at = 3 + (i - 1) * 4
  local stored = redis.call('GET', key)
  local ok, old = pcall(cjson.decode, stored)
  local mark = ok and type(old) == 'table' and old.mark
  local t, p, o = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  if not (mark and further(mark, t, p, o)) then
    redis.call('SET', key, ARGV[at], 'EX', ARGV[1])
    written = written + 1
  end
end
local minute, at = KEYS[heads + 1], 3 + heads * 4
if minute then
  for i = at + 1, #ARGV, 2 do redis.call('HINCRBY', minute, ARGV[i], ARGV[i + 1]) end
  redis.call('EXPIRE', minute, ARGV[at])
end
return written
"""

_encode = msgspec.json.Encoder().encode


def refresh_heads(heads: Sequence[Head], stored: StoredInMinute | None = None) -> None:
    """Writes the heads of a whole batch, a thousand in one script call; one that is behind is left out.

    The first call also adds up what the batch has stored. Raises RedisAway; a thread then writes
    the heads when Redis is back, for as long as an older head can live in the cache.
    """
    if not heads:
        return
    try:
        for start in range(0, len(heads), HEADS_AT_ONCE):
            part = heads[start : start + HEADS_AT_ONCE]
            guarded(partial(_write, heads=part, stored=stored if start == 0 else None))
    except RedisAway:
        for head in heads:
            _retries.add(head.conversation_id, partial(_write, heads=[head]))
        raise


def _write(redis: Redis, heads: Sequence[Head], stored: StoredInMinute | None = None) -> None:
    keys = [head_key(head.conversation_id) for head in heads]
    arguments: list[Any] = [ttl_seconds(), len(heads)]
    for head in heads:
        arguments += (_value(head), head.mark.t, head.mark.p, head.mark.o)
    if stored is not None and stored.by_tenant:
        keys.append(stored_key(stored.minute))
        arguments.append(KEPT_SECONDS)
        for tenant_id, count in stored.by_tenant.items():
            arguments += (tenant_id, count)
    redis.eval(_SET_UNLESS_FURTHER, len(keys), *keys, *arguments)


def _value(head: Head) -> bytes:
    return _encode({"lastSeq": head.last_seq, "lastMessage": head.last_message, "mark": head.mark})


_retries = Retries("heads of conversations")

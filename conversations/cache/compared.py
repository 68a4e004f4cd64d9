"""Writes that never replace a newer value by an older one (design section 4).

Each value carries the version as of which it was read; Lua refuses one older than what is there.
Values are overwritten, never deleted: an absent key would accept any old value.
"""

from collections.abc import Mapping

import msgspec
from redis.client import Pipeline

from conversations.cache.keys import UNKNOWN_SECONDS, members_key, settings_key, ttl_seconds
from conversations.values import ConversationSettings, Membership

MISSING = b'{"missing":true,"version":0}'
"""Stands for an unknown conversation id; any real one is newer."""

# KEYS: the key. ARGV: value, its version, seconds to live.
_SET_UNLESS_NEWER = """
local stored = redis.call('GET', KEYS[1])
if stored then
  local ok, old = pcall(cjson.decode, stored)
  if ok and type(old) == 'table' and (old.version or 0) > tonumber(ARGV[2]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
return 1
"""

# KEYS: the hash. ARGV: seconds to live, then for each member: field, value, version.
_HSET_UNLESS_NEWER = """
local written = 0
for i = 2, #ARGV, 3 do
  local stored = redis.call('HGET', KEYS[1], ARGV[i])
  local ok, old = pcall(cjson.decode, stored)
  local newer = ok and type(old) == 'table' and (old.version or 0) > tonumber(ARGV[i + 2])
  if not newer then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    written = written + 1
  end
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return written
"""

_encode = msgspec.json.Encoder().encode


def add_settings(
    pipeline: Pipeline, conversation_id: str, settings: ConversationSettings | None
) -> None:
    """Queues the compared write of settings; None: the id is unknown, for a short time."""
    key = settings_key(conversation_id)
    if settings is None:
        pipeline.eval(_SET_UNLESS_NEWER, 1, key, MISSING, 0, UNKNOWN_SECONDS)
    else:
        value, seconds = _encode(settings), ttl_seconds()
        pipeline.eval(_SET_UNLESS_NEWER, 1, key, value, settings.version, seconds)


def add_members(
    pipeline: Pipeline, conversation_id: str, members: Mapping[str, Membership]
) -> None:
    """Queues the compared write of some members of a conversation, non-members included."""
    arguments: list[str | bytes | int] = [ttl_seconds()]
    for user_id, membership in members.items():
        arguments += (user_id, _encode(membership), membership.version)
    pipeline.eval(_HSET_UNLESS_NEWER, 1, members_key(conversation_id), *arguments)

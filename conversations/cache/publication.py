"""What a service changed, told to the cache; if a server is away, again and again until it is moot."""

from collections.abc import Callable, Mapping
from functools import cache

import msgspec
import redis

from chat_project.redis import RedisAway, guarded
from conversations.cache.compared import add_members, add_settings
from conversations.cache.retries import Retries
from conversations.values import ConversationSettings, Membership


class _Change(msgspec.Struct, frozen=True):
    settings: ConversationSettings
    members: Mapping[str, Membership]


def publish(settings: ConversationSettings, members: Mapping[str, Membership]) -> None:
    """Writes committed settings and memberships, which all carry the version of the commit.

    With Redis away this returns at once, and a thread retries every second for as long as an
    older value can live in the cache; a process that ends meanwhile leaves that TTL as the bound.
    """
    change = _Change(settings, members)
    try:
        guarded(lambda client: _write(client, change))
    except RedisAway:
        _retries.add(object(), lambda client: _write(client, change))


Changed = tuple[ConversationSettings, Mapping[str, Membership]]


def publish_later(read: Callable[[], Changed | None]) -> None:
    """Returns at once. A thread publishes what `read` gives, as `publish` does; None: nothing.

    It tries every second while `read` raises pymongo's errors or Redis is away; it reads once.
    """
    read_once = cache(read)

    def write(client: redis.Redis) -> None:
        if changed := read_once():
            _write(client, _Change(*changed))

    _retries.add(object(), write)


def _write(client: redis.Redis, change: _Change) -> None:
    pipeline = client.pipeline(transaction=False)
    add_settings(pipeline, change.settings.id, change.settings)
    if change.members:
        add_members(pipeline, change.settings.id, change.members)
    pipeline.execute()


_retries = Retries("changed conversations")

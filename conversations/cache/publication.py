"""What a service changed, told to the cache; if Redis is away, again and again until it is moot."""

from collections.abc import Mapping

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


def _write(client: redis.Redis, change: _Change) -> None:
    pipeline = client.pipeline(transaction=False)
    add_settings(pipeline, change.settings.id, change.settings)
    if change.members:
        add_members(pipeline, change.settings.id, change.members)
    pipeline.execute()


_retries = Retries("changed conversations")

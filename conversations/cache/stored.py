"""How many messages were stored in each minute, by school, for the admin's start page. A hint: what
Redis loses is not counted again."""

from collections.abc import Mapping
from functools import partial

import msgspec
from redis import Redis

from chat_project.redis import guarded
from chat_project.timestamps import now
from conversations.cache.keys import stored_key

KEPT_SECONDS = 2 * 3_600


class StoredInMinute(msgspec.Struct, frozen=True):
    """`minute`: since 1970; `by_tenant`: how many messages of each school."""

    minute: int
    by_tenant: Mapping[str, int]


def stored_per_minute(minutes: int, tenant_id: str | None) -> list[int]:
    """The last so many minutes, the present one last, of one school or of all; one round trip.

    Raises RedisAway.
    """
    this_minute = int(now().timestamp()) // 60
    asked = range(this_minute - minutes + 1, this_minute + 1)
    return guarded(partial(_read, minutes=asked, tenant_id=tenant_id))


def _read(redis: Redis, minutes: range, tenant_id: str | None) -> list[int]:
    pipeline = redis.pipeline(transaction=False)
    for minute in minutes:
        if tenant_id is None:
            pipeline.hvals(stored_key(minute))
        else:
            pipeline.hmget(stored_key(minute), [tenant_id])
    return [sum(int(each) for each in counts if each) for counts in pipeline.execute()]

"""How fast a sender, and a school, may send, and send again: token buckets in Redis (decision 0018).

A bucket is one number: the microsecond at which it will be full again. Its key ends then, so who is
silent costs nothing. The look-up's script takes from the buckets (`conversations.cache.lookups`).
"""

import math
from enum import StrEnum
from functools import lru_cache

import msgspec

from chat_project.settings.environment import environment
from conversations.cache.keys import bucket_key, repeats_key

MICROSECONDS = 1_000_000
REMEMBERED = 10_000

REPEATS_TO_ONE = 10
"""So many times as fast as new messages may repeated ones come: whoever tries each message five
times never meets this limit."""


class Scope(StrEnum):
    """Who shares a bucket."""

    SENDER = "sender"
    TENANT = "tenant"


class Limit(msgspec.Struct, frozen=True):
    """`burst` messages at once, then `per_second`, for all who share the key.

    `of_repeats`: it counts only those that have an acceptance record; other limits only the others.
    """

    scope: Scope
    key: str
    per_second: float
    burst: int
    of_repeats: bool = False

    @property
    def interval_microseconds(self) -> int:
        """Of one message. Whole, so that sums stay exact in Lua's numbers (up to 2**53)."""
        return max(1, round(MICROSECONDS / self.per_second))

    @property
    def span_microseconds(self) -> int:
        """The time in which an empty bucket becomes full."""
        return self.interval_microseconds * self.burst


class Limited(msgspec.Struct, frozen=True):
    """A message that did not fit into `limit`; alone, or after those before it, it would in
    `wait_microseconds`."""

    limit: Limit
    wait_microseconds: int

    @property
    def retry_after_seconds(self) -> int:
        """Whole seconds, 1 or more."""
        return max(1, math.ceil(self.wait_microseconds / MICROSECONDS))


@lru_cache(maxsize=REMEMBERED)
def limits_of(tenant_id: str, sender_id: str) -> tuple[Limit, ...]:
    """Those that a message of this sender must fit into; a rate or a burst of 0 is none.

    Remembered: making them took 5 µs of each text.
    """
    given = environment()
    limits = (
        Limit(
            Scope.SENDER,
            bucket_key(tenant_id, sender_id),
            given.rate_limit_messages_per_second,
            given.rate_limit_burst,
        ),
        Limit(
            Scope.TENANT,
            bucket_key(tenant_id),
            given.rate_limit_tenant_messages_per_second,
            given.rate_limit_tenant_burst,
        ),
    )
    return tuple(limit for limit in limits if limit.per_second and limit.burst)


@lru_cache(maxsize=REMEMBERED)
def limits_of_repeats(limits: tuple[Limit, ...]) -> tuple[Limit, ...]:
    """Those that a message with an acceptance record must fit into instead, one for each."""
    return tuple(
        Limit(
            limit.scope,
            repeats_key(limit.key),
            limit.per_second * REPEATS_TO_ONE,
            limit.burst * REPEATS_TO_ONE,
            of_repeats=True,
        )
        for limit in limits
    )

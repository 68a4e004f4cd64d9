"""What a service changed, told to the cache; if Redis is away, again and again until it is moot."""

import logging
import time
from collections import deque
from collections.abc import Mapping
from threading import Lock, Thread

import msgspec
import redis

from chat_project.redis import RedisAway, guarded
from conversations.cache.compared import add_members, add_settings
from conversations.cache.keys import ttl_seconds
from conversations.values import ConversationSettings, Membership

RETRY_SECONDS = 1.0
MAX_PENDING = 10_000

logger = logging.getLogger(__name__)


class _Change(msgspec.Struct, frozen=True):
    settings: ConversationSettings
    members: Mapping[str, Membership]
    moot_at: float  # monotonic; by then every older value in the cache has died


def publish(settings: ConversationSettings, members: Mapping[str, Membership]) -> None:
    """Writes committed settings and memberships, which all carry the version of the commit.

    With Redis away this returns at once, and a thread retries every second for as long as an
    older value can live in the cache; a process that ends meanwhile leaves that TTL as the bound.
    """
    change = _Change(settings, members, moot_at=time.monotonic() + ttl_seconds())
    try:
        guarded(lambda client: _write(client, change))
    except RedisAway:
        _retries.add(change)


def _write(client: redis.Redis, change: _Change) -> None:
    pipeline = client.pipeline(transaction=False)
    add_settings(pipeline, change.settings.id, change.settings)
    if change.members:
        add_members(pipeline, change.settings.id, change.members)
    pipeline.execute()


class _Retries:
    """Changes that wait for Redis, and the one thread that brings them there, while there are any."""

    def __init__(self) -> None:
        self._pending: deque[_Change] = deque(maxlen=MAX_PENDING)
        self._lock = Lock()
        self._running = False

    def add(self, change: _Change) -> None:
        with self._lock:
            self._pending.append(change)
            if self._running:
                return
            self._running = True
        logger.warning("Redis is away: changed conversations are written to the cache later")
        Thread(target=self._run, name="cache-retries", daemon=True).start()

    def _run(self) -> None:
        while (change := self._next()) is not None:
            try:
                guarded(lambda client, change=change: _write(client, change))  # type: ignore[misc]  # bound per turn
            except RedisAway:
                time.sleep(RETRY_SECONDS)
            else:
                self._done(change)

    def _next(self) -> _Change | None:
        with self._lock:
            while self._pending and self._pending[0].moot_at < time.monotonic():
                self._pending.popleft()
            if not self._pending:
                self._running = False
                return None
            return self._pending[0]

    def _done(self, change: _Change) -> None:
        with self._lock:
            if self._pending and self._pending[0] is change:
                self._pending.popleft()


_retries = _Retries()

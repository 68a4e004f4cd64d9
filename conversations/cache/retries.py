"""Writes that Redis missed, brought there by a thread as soon as that works, or until they are moot."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock, Thread

import redis
from pymongo.errors import PyMongoError

from chat_project.redis import RedisAway, guarded
from conversations.cache.keys import ttl_seconds

RETRY_SECONDS = 1.0
MAX_PENDING = 10_000

logger = logging.getLogger(__name__)

Write = Callable[[redis.Redis], object]


class Retries:
    """Pending writes, tried in turn, and the one thread that tries them, while there are any.

    A write is moot when everything that Redis held at its time has died: after `lives()` seconds,
    the cache's time to live. Beyond 10,000 the oldest are given up: that time is their bound, as
    it is when the process ends.
    """

    def __init__(self, what: str, lives: Callable[[], int] = ttl_seconds) -> None:
        self._what, self._lives = what, lives
        self._pending: OrderedDict[Hashable, tuple[Write, float]] = OrderedDict()
        self._lock = Lock()
        self._running = False

    def add(self, key: Hashable, write: Write) -> None:
        """Returns at once. A write with the same key takes the earlier one's place."""
        moot_at = time.monotonic() + self._lives()
        with self._lock:
            self._pending.pop(key, None)
            self._pending[key] = write, moot_at
            if len(self._pending) > MAX_PENDING:
                self._pending.popitem(last=False)
            if self._running:
                return
            self._running = True
        logger.warning("A server is away: %s are written to Redis later", self._what)
        Thread(target=self._run, name="cache-retries", daemon=True).start()

    def _run(self) -> None:
        while (pending := self._next()) is not None:
            key, write = pending
            try:
                guarded(write)
            except (RedisAway, PyMongoError):
                self._put_last(key)  # a write that a server refuses holds no other one up
                time.sleep(RETRY_SECONDS)  # a thread of its own: nobody waits for it
            except Exception:
                logger.exception("Given up: this write of %s", self._what)
                self._done(key, write)
            else:
                self._done(key, write)

    def _next(self) -> tuple[Hashable, Write] | None:
        with self._lock:
            while self._pending and self._first_moot_at() < time.monotonic():
                self._pending.popitem(last=False)
            if not self._pending:
                self._running = False
                return None
            key, (write, _) = next(iter(self._pending.items()))
            return key, write

    def _put_last(self, key: Hashable) -> None:
        with self._lock:
            if key in self._pending:
                self._pending.move_to_end(key)

    def _first_moot_at(self) -> float:
        return next(iter(self._pending.values()))[1]

    def _done(self, key: Hashable, write: Write) -> None:
        with self._lock:
            current = self._pending.get(key)
            if current is not None and current[0] is write:
                del self._pending[key]

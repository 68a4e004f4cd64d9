"""The one Redis client of a process, behind a breaker: Redis may be slow once, not twice."""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from functools import cache
from threading import Lock, local
from typing import Any, TypeVar

import redis
from django_redis import get_redis_connection

from chat_project.metrics import breaker_open_total

T = TypeVar("T")

OPEN_SECONDS = 1.0
CLOSED = 0.0


class RedisAway(Exception):
    """Redis failed, refused, or was away within the last second: go on without it."""


class Breaker:
    """Lets calls through until one fails; then refuses all for a while, and lets one try again."""

    def __init__(self, open_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._open_seconds = open_seconds
        self._clock = clock
        self._open_until = CLOSED
        self._lock = Lock()

    def enter(self) -> None:
        """Raises RedisAway while open. After that time one caller passes and is the probe."""
        if self._is_closed():
            return
        with self._lock:
            if self._is_closed():
                return
            if self._clock() < self._open_until:
                raise RedisAway("Redis was away less than a second ago")
            self._open_until = self._clock() + self._open_seconds

    def open(self) -> None:
        with self._lock:
            self._open_until = self._clock() + self._open_seconds

    def close(self) -> None:
        if not self._is_closed():
            with self._lock:
                self._open_until = CLOSED

    def _is_closed(self) -> bool:
        return self._open_until == CLOSED


@cache
def client() -> redis.Redis:
    """The process's client (replies are bytes); nothing is opened before its first use."""
    connection: redis.Redis = get_redis_connection("default")
    return connection


class Script:
    """Lua that a server is sent once and then knows by its digest."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def run(self, client: redis.Redis, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """One round trip; two with a server that does not know it, which then does.

        Must be good to run twice: a connection that turns out to be closed is opened again.
        """
        try:
            return _ask(client, "EVALSHA", self._digest, len(keys), *keys, *arguments)
        except redis.exceptions.NoScriptError:
            return _ask(client, "EVAL", self._text, len(keys), *keys, *arguments)


class _Line(local):
    """The connection that a thread keeps for itself, and the pool and process it belongs to."""

    connection: Any = None
    pool: object = None
    pid = 0


_line = _Line()


def _ask(client: redis.Redis, *command: Any) -> Any:
    """One command without the client's pool and metering: a third of the CPU among eight threads
    (docs/performance.md)."""
    if _line.pool is not client.connection_pool or _line.pid != os.getpid():
        _line.connection = client.connection_pool.make_connection()
        _line.pool, _line.pid = client.connection_pool, os.getpid()
    connection = _line.connection
    may_be_stale = connection.is_connected
    try:
        return _exchange(connection, command)
    except redis.ConnectionError:
        connection.disconnect()
        if not may_be_stale:
            raise
        connection.connect()
    return _exchange(connection, command)


def _exchange(connection: Any, command: Sequence[Any]) -> Any:
    connection.send_command(*command, check_health=False)
    return connection.read_response()


def guarded(operation: Callable[[redis.Redis], T]) -> T:
    """Runs one operation on Redis. Raises RedisAway when Redis fails or the breaker is open.

    It takes at most the socket timeouts of settings/cache.py, and after a failure nothing at all
    for a second, so a request that meets a dead Redis waits for it once. A Redis that refuses
    (out of memory, read only) has answered, so it costs nobody else a second.
    """
    _breaker.enter()
    try:
        result = operation(client())
    except redis.ResponseError as error:
        _breaker.close()
        raise RedisAway(f"Redis refuses: {error}") from error
    except (redis.RedisError, OSError) as error:
        _breaker.open()
        breaker_open_total.inc()
        raise RedisAway(f"Redis is away (see REDIS_URL): {error}") from error
    _breaker.close()
    return result


_breaker = Breaker(OPEN_SECONDS)

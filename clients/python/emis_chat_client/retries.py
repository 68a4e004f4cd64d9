"""When a failed attempt is repeated, and after how long."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from emis_chat_client.errors import (
    ApiError,
    ChatError,
    ConnectionFailed,
    NeverAccepted,
    RateLimited,
    Unavailable,
)


@dataclass(frozen=True)
class Retry:
    """Up to `attempts` in all. Waits double from `first_pause_seconds` to `longest_pause_seconds`,
    each a random part of that (full jitter), on top of what Retry-After asks for.

    A Retry-After beyond `longest_retry_after_seconds` is not waited for.
    """

    attempts: int = 5
    first_pause_seconds: float = 0.2
    longest_pause_seconds: float = 5.0
    longest_retry_after_seconds: float = 30.0
    jitter: Callable[[], float] = random.random

    def pause_seconds(self, error: ChatError, attempt: int) -> float | None:
        """After the attempt of that number, from 1; None: no further one.

        503, 429 and their like, and no answer at all, may be tried again; every POST has an
        idempotency key, and everything else may be repeated by itself.
        """
        if attempt >= self.attempts or not _may_help(error):
            return None
        asked = error.retry_after_seconds or 0.0 if isinstance(error, ApiError) else 0.0
        if asked > self.longest_retry_after_seconds:
            return None
        bound = min(self.longest_pause_seconds, self.first_pause_seconds * 2.0 ** (attempt - 1))
        return asked + self.jitter() * bound


NO_RETRY = Retry(attempts=1)


def _may_help(error: ChatError) -> bool:
    if isinstance(error, NeverAccepted) or isinstance(error.__cause__, httpx.LocalProtocolError):
        return False
    return isinstance(error, ConnectionFailed | RateLimited | Unavailable)

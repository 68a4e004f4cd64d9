"""Tokens that were verified once, so that the same user's next request costs a look-up."""

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

MAX_REMEMBERED = 10_000

T = TypeVar("T")


class VerifiedTokens(Generic[T]):
    """The least recently used is forgotten first; nothing is given out from its end on.

    Times are epoch seconds.
    """

    def __init__(self, max_remembered: int = MAX_REMEMBERED) -> None:
        self._max_remembered = max_remembered
        self._entries: OrderedDict[str, tuple[T, float]] = OrderedDict()
        self._lock = Lock()

    def get(self, token: str, now: float) -> T | None:
        with self._lock:
            entry = self._entries.get(token)
            if entry is None:
                return None
            value, valid_until = entry
            if now >= valid_until:
                del self._entries[token]
                return None
            self._entries.move_to_end(token)
            return value

    def remember(self, token: str, value: T, valid_until: float) -> None:
        with self._lock:
            self._entries[token] = value, valid_until
            self._entries.move_to_end(token)
            if len(self._entries) > self._max_remembered:
                self._entries.popitem(last=False)

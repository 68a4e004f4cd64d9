"""Writes that do not depend on each other, sent to the server in two halves at the same time."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

LEAST = 200
"""From so many items on two requests are sooner done than one: the server gives each a thread, and
what one half waits for is time in which the other is encoded (docs/performance.md)."""

_second = ThreadPoolExecutor(1, "second-half")


def in_two_halves(write: Callable[[Sequence[T]], R], items: Sequence[T]) -> list[R]:
    """What `write` gives for each half, or for all at once when they are few; no items: nothing.

    Both halves have ended when this returns or raises. The caller's `pymongo.timeout()` and its
    database hold for both.
    """
    if not items:
        return []
    if len(items) < LEAST:
        return [write(items)]
    middle = len(items) // 2
    second = _second.submit(copy_context().run, write, items[middle:])
    try:
        first = write(items[:middle])
    except BaseException:
        second.exception()  # waits: what is on its way must not come after the next attempt
        raise
    return [first, second.result()]

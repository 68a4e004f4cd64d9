"""Whether a fault happened: a round whose fault was not seen does not count and is repeated.

What the product owes (messages are stored, the lag is zero) is waited for by `wait_until` and
asserted: if it fails, that is a difference.
"""

from collections.abc import Callable
from typing import TypeVar

from tests.waiting import wait_until

T = TypeVar("T")


class NotSeen(Exception):
    """The fault did not happen as planned."""


def require(condition: object, what: str) -> None:
    """For what shows that a fault happened. Raises NotSeen."""
    if not condition:
        raise NotSeen(what)


def seen_until(probe: Callable[[], T], what: str, *, seconds: float = 60.0) -> T:
    """Polls until the probe gives something true, and gives that. Raises NotSeen."""
    try:
        return wait_until(probe, what, seconds=seconds)
    except AssertionError as error:
        raise NotSeen(str(error)) from error

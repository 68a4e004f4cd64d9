"""Applies the roster's records of a batch: first all facts, then the groups that follow from them.

A crash in between is mended by the redelivery: the groups of every fact of the batch are looked at,
whether or not the fact is new.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from consumers import metrics
from consumers.attempts import attempt
from consumers.errors import RetryLater
from consumers.roster.decoding import RosterEntry
from conversations.services import roster
from conversations.services.roster import Contended

T = TypeVar("T")

PATIENCE_SECONDS = 60.0
"""After that the loop gets to poll Kafka; the same batch then goes on where it was."""


class Applied(msgspec.Struct, frozen=True):
    """How many student groups were founded and changed."""

    founded: int = 0
    changed: int = 0


def apply_roster(
    entries: Sequence[RosterEntry], clock: Callable[[], float] = time.monotonic
) -> Applied:
    """Durable when it returns, and applied again it changes nothing. Raises RetryLater, also when
    there is more to do than a minute's work."""
    if not entries:
        return Applied()
    facts = [entry.fact for entry in entries]
    give_up_at = clock() + PATIENCE_SECONDS
    _attempt(lambda: roster.remember(facts))
    students = _attempt(lambda: roster.touched_students(facts))
    founded = changed = 0
    for start in range(0, len(students), roster.AT_ONCE):
        if clock() > give_up_at:
            left = len(students) - start
            raise RetryLater(f"the roster has the groups of {left} more students to look at")
        part = students[start : start + roster.AT_ONCE]
        synced = _attempt(partial(roster.sync, part))
        founded, changed = founded + synced.founded, changed + synced.changed
    metrics.roster_groups.labels("founded").inc(founded)
    metrics.roster_groups.labels("changed").inc(changed)
    return Applied(founded, changed)


def _attempt(step: Callable[[], T]) -> T:
    """Each is bounded in time for itself, so that a batch of a whole school is none that fails."""
    try:
        with attempt():
            return step()
    except Contended as error:
        raise RetryLater(str(error)) from error

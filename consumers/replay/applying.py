"""Applies a stretch of the log by the consumer's own handler, outside any group."""

import time
from collections.abc import Callable, Iterable, Sequence

import msgspec
from typing_extensions import override

from consumers.attempts import patiently
from consumers.dead_letters import DeadLetter
from consumers.effects import Effects
from consumers.errors import StopConsuming
from consumers.handler import ChatHandler
from consumers.loop import Batch
from consumers.records import Record
from consumers.writer import Written


class Applied(msgspec.Struct, rename="camel"):
    """What became of the records, counted."""

    records: int = 0
    stored: int = 0
    """Written now, or found as the writer had begun them."""
    duplicates: int = 0
    dead: int = 0
    """Dead letters, those that were there before included."""
    done: int = 0
    """At or below the marks of their conversations: not looked at again."""


class CountedEffects(Effects):
    """The consumer's effects, which also count what was written."""

    def __init__(self, outcome_seconds: float) -> None:
        super().__init__(outcome_seconds)
        self.applied = Applied()

    @override
    def after(self, written: Written, dead: Sequence[DeadLetter]) -> None:
        self.count(written, dead)
        super().after(written, dead)

    def count(self, written: Written, dead: Sequence[DeadLetter]) -> None:
        self.applied.stored += len(written.stored)
        self.applied.duplicates += len(written.duplicates)
        self.applied.dead += len(dead)
        self.applied.done += len(written.done)


class SilentEffects(CountedEffects):
    """Only counts: no cache is refreshed, nobody is told."""

    def __init__(self) -> None:
        super().__init__(outcome_seconds=0)

    @override
    def after(self, written: Written, dead: Sequence[DeadLetter]) -> None:
        self.count(written, dead)


def apply_all(
    handler: ChatHandler,
    batches: Iterable[Sequence[Record]],
    *,
    on_progress: Callable[[int], object],
) -> None:
    """Applies batch after batch; `on_progress` hears how many records each one had.

    Raises RetryLater when a server stays away, StopConsuming when going on would harm. What is
    applied stays so, and applying it again changes nothing.
    """
    for records in batches:
        _apply(handler, records)
        on_progress(len(records))


def _apply(handler: ChatHandler, records: Sequence[Record]) -> None:
    handled = patiently(lambda: handler.apply(Batch(records, time.monotonic())))
    if handled.stop:
        raise StopConsuming(handled.stop)

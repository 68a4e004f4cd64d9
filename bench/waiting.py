"""Bounded waiting, what is said meanwhile, and the end of a run that must not count."""

import sys
import time
from collections.abc import Callable, Sequence
from typing import Protocol


class BenchFailed(Exception):
    """What was measured is not what should have been: no figure may come of it."""


class Process(Protocol):
    def check_alive(self) -> None:
        """Raises BenchFailed when it has ended."""


def wait_until(
    probe: Callable[[], bool], what: str, *, seconds: float, every_seconds: float = 0.02
) -> float:
    """The seconds that it took. Raises BenchFailed, naming what never came."""
    began = time.monotonic()
    while not probe():
        if time.monotonic() - began > seconds:
            raise BenchFailed(f"after {seconds:.0f} s still not: {what}")
        time.sleep(every_seconds)
    return time.monotonic() - began


def reach(
    probe: Callable[[], int],
    wanted: int,
    running: Sequence[Process],
    *,
    seconds: float,
    every_seconds: float,
) -> int:
    """What the probe gave when it was at least `wanted`. Raises BenchFailed when a process ends."""
    seen = 0

    def look() -> bool:
        nonlocal seen
        for each in running:
            each.check_alive()
        seen = probe()
        return seen >= wanted

    wait_until(look, f"{wanted:,} are reached", seconds=seconds, every_seconds=every_seconds)
    return seen


def say(line: str) -> None:
    sys.stderr.write(f"bench: {line}\n")
    sys.stderr.flush()

"""The order of the tests for several processes of pytest."""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby, islice
from typing import TypeVar

T = TypeVar("T")

LONG = (
    *("tests/faults/", "tests/test_servers_away.py", "tests/deploy/test_cron.py"),
    *("tests/deploy/test_supervisor.py", "tests/devstack/test_stack.py"),
    *("tests/consumers/test_outages.py", "tests/test_run_command.py", "tests/audit/"),
)
"""Beginnings of node ids, the longest first."""


def long_ones_first(items: Sequence[T], id_of: Callable[[T], str], workers: int) -> list[T]:
    """Long ones begin each worker's share, so that none is left alone with them at the end.

    pytest-xdist's worksteal gives each worker as many tests as the others, in their order, before
    it lets one take from another.
    """

    def place(item: T) -> int:
        found = (at for at, start in enumerate(LONG) if id_of(item).startswith(start))
        return next(found, len(LONG))

    long = sorted((item for item in items if place(item) < len(LONG)), key=place)
    rest = iter([item for item in items if place(item) == len(LONG)])
    modules = [list(each) for _, each in groupby(long, lambda item: id_of(item).partition("::")[0])]
    ordered: list[T] = []
    for worker in range(workers):
        ordered += flat(modules[worker::workers])
        ordered += islice(rest, max(0, len(items) * (worker + 1) // workers - len(ordered)))
    return ordered


def flat(lists: Iterable[Iterable[T]]) -> list[T]:
    return [each for one in lists for each in one]

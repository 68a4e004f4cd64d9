"""A progress bar on a terminal; silence elsewhere."""

import sys
from collections.abc import Iterator, Sequence
from typing import NoReturn, TypeVar

from tqdm import tqdm

T = TypeVar("T")


def steps(what: str, items: Sequence[T]) -> Iterator[T]:
    """The items, counted as they are taken."""
    with bar(what, len(items)) as progress:
        for item in items:
            yield item
            progress.update()


def bar(what: str, total: int | None) -> "tqdm[NoReturn]":
    """Counts `what` on standard error; a context manager with `update(n)`."""
    return tqdm(
        total=total,
        desc=what,
        unit="",
        unit_scale=True,
        mininterval=0.5,
        leave=False,
        file=sys.stderr,
        disable=not sys.stderr.isatty(),
    )

"""Long iterations in parts of a bounded size."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of up to `size` items; nothing is taken before it is asked for."""
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part

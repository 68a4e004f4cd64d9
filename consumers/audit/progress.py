"""A progress bar on a terminal; silence elsewhere."""

import sys
from typing import NoReturn

from tqdm import tqdm


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

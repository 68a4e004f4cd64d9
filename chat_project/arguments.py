"""Argument types that every layer's commands use: a wrong value is refused with what is allowed."""

from argparse import ArgumentTypeError
from pathlib import Path


def some_text(text: str) -> str:
    """Not blank: an empty shell variable must not choose everything. Without blanks at its ends,
    which an id has by mistake, and which nobody sees."""
    if not (stripped := text.strip()):
        raise ArgumentTypeError("is blank: leave it out, or say a value")
    return stripped


def some_path(text: str) -> Path:
    """Not blank, which would be the working directory."""
    some_text(text)
    return Path(text)

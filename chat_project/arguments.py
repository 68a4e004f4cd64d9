"""Argument types that every layer's commands use: a wrong value is refused with what is allowed."""

from argparse import ArgumentTypeError
from pathlib import Path


def some_text(text: str) -> str:
    """Not blank: an empty shell variable must not choose everything."""
    if not text.strip():
        raise ArgumentTypeError("is blank: leave it out, or say a value")
    return text


def some_path(text: str) -> Path:
    """Not blank, which would be the working directory."""
    return Path(some_text(text))

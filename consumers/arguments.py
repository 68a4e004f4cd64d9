"""Argument types of the commands: a wrong value is refused with what is allowed."""

from argparse import ArgumentTypeError
from collections.abc import Callable


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = lowest - 1
        if not lowest <= value <= highest:
            raise ArgumentTypeError(f"{text!r}: a whole number from {lowest} to {highest}")
        return value

    return parse

"""Argument types of the commands: a wrong value is refused with what is allowed."""

import re
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import datetime

from chat_project.timestamps import parse_timestamp
from conversations.erased import unmistakable

_LETTER_ID = re.compile(r"\d+:\d+:\d+", re.ASCII)


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


def full_name(text: str) -> str:
    if not unmistakable([text]):
        raise ArgumentTypeError(f"{text!r}: two words or more; a single one may be anybody's name")
    return text.strip()


def letter_id(text: str) -> str:
    if not _LETTER_ID.fullmatch(text):
        raise ArgumentTypeError(f"{text!r}: <generation>:<partition>:<offset>, as 1:0:42")
    return text


def iso_time(text: str) -> datetime:
    """An aware UTC time; without an offset it is taken as UTC."""
    try:
        return parse_timestamp(text)
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r}: a time in ISO-8601, as 2025-11-07T10:00:00Z or 2025-11-07"
        ) from None

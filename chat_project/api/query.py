"""Query parameters: names match without case; a wrong value is a 400 that says what is allowed."""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from django.http import HttpRequest
from rest_framework.request import Request

from chat_project.api.errors import InvalidRequest
from chat_project.timestamps import parse_timestamp

E = TypeVar("E", bound=StrEnum)

_MAX_DIGITS = 18
_BOOLEANS = {"": False, "false": False, "0": False, "true": True, "1": True}


def parameters(request: Request | HttpRequest) -> Mapping[str, str]:
    """The parameters under lower-case names; of a repeated one the last counts."""
    if not request.META.get("QUERY_STRING"):
        return {}
    return {name.lower(): values[-1] for name, values in request.GET.lists() if values}


def integer(
    given: Mapping[str, str], name: str, *, default: int, minimum: int, maximum: int
) -> int:
    """The parameter as a number within the bounds, or the default when it is absent or empty."""
    text = given.get(name.lower(), "").strip()
    if not text:
        return default
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS:
        value = int(text)
        if minimum <= value <= maximum:
            return value
    raise _invalid(name, f"must be a whole number from {minimum} to {maximum}")


def flag(given: Mapping[str, str], name: str) -> bool:
    """The parameter as a truth value; False when it is absent or empty."""
    value = _BOOLEANS.get(given.get(name.lower(), "").strip().lower())
    if value is None:
        raise _invalid(name, "must be true or false")
    return value


def choice(given: Mapping[str, str], name: str, choices: type[E]) -> E | None:
    """The parameter as one of the names, which match without case; None when absent or empty."""
    text = given.get(name.lower(), "").strip()
    return choice_of(text, name, choices) if text else None


def choice_of(text: str, field: str, choices: type[E]) -> E:
    """The one of these names that is meant, for fields of bodies too."""
    for one in choices:
        if one.value.lower() == text.lower():
            return one
    raise _invalid(field, f"must be one of {', '.join(one.value for one in choices)}")


_SPACE_FOR_PLUS = re.compile(r"(\d\d:\d\d\S*) (\d\d:?\d\d)$")
"""An offset whose `+` was not escaped arrives with a space."""


def timestamp(given: Mapping[str, str], name: str) -> datetime | None:
    """The parameter as a moment in UTC, floored to milliseconds; None when absent or empty."""
    text = given.get(name.lower(), "").strip()
    if not text:
        return None
    try:
        return parse_timestamp(_SPACE_FOR_PLUS.sub(r"\1+\2", text))
    except ValueError:
        raise _invalid(
            name, "must be ISO-8601 from year 1 to 9999, such as 2025-11-07T10:00:00.123Z"
        ) from None


def _invalid(field: str, problem: str) -> InvalidRequest:
    return InvalidRequest(f"{field} {problem}", code="invalid_field", details={"field": field})

"""Query parameters: names match without case; a wrong value is a 400 that says what is allowed."""

from collections.abc import Mapping

from django.http import HttpRequest
from rest_framework.request import Request

from chat_project.api.errors import InvalidRequest

_MAX_DIGITS = 18


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
    raise InvalidRequest(
        f"{name} must be a whole number from {minimum} to {maximum}",
        code="invalid_field",
        details={"field": name},
    )

"""The keys by which clients say that a request is the same one again (contract section 5)."""

import re

from django.http import HttpRequest
from rest_framework.request import Request

from chat_project.api.errors import InvalidRequest

HEADER = "Idempotency-Key"

MAX_KEY_LENGTH = 255

_PRINTABLE_ASCII = re.compile(rf"[\x20-\x7e]{{1,{MAX_KEY_LENGTH}}}")


def header_key(request: Request | HttpRequest) -> str | None:
    """The header's key, if there is one. Raises InvalidRequest for one of another form."""
    key: str | None = request.META.get("HTTP_IDEMPOTENCY_KEY")
    check_key(key, HEADER)
    return key


def check_key(key: str | None, field: str) -> None:
    """`field`: where the key was given. Raises InvalidRequest `invalid_idempotency_key`."""
    if key is not None and not _PRINTABLE_ASCII.fullmatch(key):
        raise InvalidRequest(
            f"{field} must have 1 to {MAX_KEY_LENGTH} printable ASCII characters",
            code="invalid_idempotency_key",
            details={"field": field, "limit": MAX_KEY_LENGTH},
        )

"""The one shape of every answer: `{success, data, error, metadata}`, camelCase, dates in UTC."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from chat_project import request_id
from chat_project.api.errors import ApiError
from chat_project.timestamps import format_timestamp, now


class Plain(msgspec.Struct, frozen=True):
    """Base of answers that say their dates as texts already: they are written as they are."""


class ErrorBody(msgspec.Struct, frozen=True):
    """`code` is stable and for programs, `message` for people, `details` names the field."""

    code: str
    message: str
    details: dict[str, Any] | None = None


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    timestamp: str
    request_id: str | None


class Envelope(msgspec.Struct, frozen=True):
    success: bool
    data: Any
    error: ErrorBody | None
    metadata: Metadata


def error_body(error: ApiError) -> ErrorBody:
    return ErrorBody(error.code, error.message, error.details)


def encode(*, data: Any = None, error: ErrorBody | None = None) -> bytes:
    """UTF-8 JSON. Dates become `2025-11-07T10:00:00.000Z`; structs and mappings may nest."""
    metadata = Metadata(format_timestamp(now()), request_id.current())
    envelope = Envelope(error is None, _with_dates_as_text(data), error, metadata)
    return _encoder.encode(envelope)


def _with_dates_as_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_timestamp(value)
    if isinstance(value, Plain):
        return value
    if isinstance(value, msgspec.Struct):
        names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        return {outside: _with_dates_as_text(getattr(value, name)) for outside, name in names}
    if isinstance(value, Mapping):
        return {key: _with_dates_as_text(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_with_dates_as_text(item) for item in value]
    return value


# What msgspec does not know here is text: Django's lazy translations, DRF's ErrorDetail.
_encoder = msgspec.json.Encoder(enc_hook=str)

"""Reading a JSON body into a typed request: strict and quick first, tolerant when that fails."""

import re
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest
from rest_framework.request import Request

from chat_project.api.errors import InvalidRequest, PayloadTooLarge, UnsupportedMediaType
from chat_project.api.json_faults import explain
from chat_project.api.tolerant import match_names

MAX_BODY_BYTES = 1_000_000  # decimal, as the contract writes it: its binary sizes are called MiB
LARGE_BODY_BYTES = 4 * MAX_BODY_BYTES
"""Of a batch of texts, and of a list of people: 25,000 with GUIDs and names come to 2,300,000."""

_BOM = b"\xef\xbb\xbf"
_JSON_TYPE = re.compile(r"(application|text)/(json|[\w.-]+\+json)")
_DECODERS: dict[type, msgspec.json.Decoder[Any]] = {}

T = TypeVar("T", bound=msgspec.Struct)


def read_json(
    request: Request | HttpRequest, struct_type: type[T], limit_bytes: int = MAX_BODY_BYTES
) -> T:
    """The body as `struct_type`, which forbids unknown fields for the sake of the quick path.

    Property names match without case and unknown ones are ignored (contract section 5).
    Raises InvalidRequest (`malformed_json`, `lone_surrogate`, `invalid_field` with
    `details.field`), PayloadTooLarge, UnsupportedMediaType.
    """
    return decode_json(read_body(request, limit_bytes), struct_type)


def decode_json(body: bytes, struct_type: type[T]) -> T:
    """The same for bytes that are at hand, such as one item of a list."""
    try:
        return _decoder(struct_type).decode(body)
    except (ValueError, RecursionError):
        return _read_tolerantly(body, struct_type)


def read_body(request: Request | HttpRequest, limit_bytes: int = MAX_BODY_BYTES) -> bytes:
    """The bytes of a JSON body without its BOM. The limit is checked before anything is read."""
    raw: HttpRequest = request._request if isinstance(request, Request) else request
    if not _JSON_TYPE.fullmatch(raw.content_type or ""):
        raise UnsupportedMediaType("The body must be JSON: Content-Type application/json")
    if (raw.content_params or {}).get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType("The body must be JSON in UTF-8")
    if raw.META.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise UnsupportedMediaType("The body must not be compressed")
    if int(raw.META.get("CONTENT_LENGTH") or 0) > limit_bytes:
        raise PayloadTooLarge(
            f"The body is over {limit_bytes} bytes", details={"limitBytes": limit_bytes}
        )
    return raw.read().removeprefix(_BOM)


def parse_plain(body: bytes) -> Any:
    """Any JSON as dicts and lists; raises InvalidRequest as `read_json` does."""
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError) as error:
        raise explain(body, error) from None


def _decoder(struct_type: type[T]) -> msgspec.json.Decoder[T]:
    decoder = _DECODERS.get(struct_type)
    if decoder is None:
        decoder = _DECODERS[struct_type] = msgspec.json.Decoder(struct_type)
    return decoder


def _read_tolerantly(body: bytes, struct_type: type[T]) -> T:
    return convert_plain(parse_plain(body), struct_type)


def convert_plain(plain: Any, struct_type: type[T]) -> T:
    """The same for values that are at hand, such as the fields of a form."""
    try:
        return msgspec.convert(match_names(plain, struct_type), struct_type)
    except msgspec.ValidationError as error:
        raise _invalid_field(str(error)) from None


_WHERE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")
_JSON_NAMES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


def _invalid_field(problem: str) -> InvalidRequest:
    """msgspec says where and what; here it becomes the field's path and JSON's own words."""
    where = _WHERE.search(problem)
    path = where["path"] if where else ""
    what = problem[: where.start()] if where else problem
    if missing := _MISSING.fullmatch(what):
        field = f"{path}.{missing['name']}".lstrip(".")
        return InvalidRequest(
            f"{field} is required", code="invalid_field", details={"field": field}
        )
    what = re.sub(r"\b(str|int|float|bool)\b", lambda found: _JSON_NAMES[found[0]], what)
    subject = path or "The body"
    return InvalidRequest(
        f"{subject}: {what.replace('`', '')}", code="invalid_field", details={"field": path or None}
    )

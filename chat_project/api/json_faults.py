"""Why bytes are no JSON that we can keep: the error for the client."""

import json
from typing import Any

from chat_project.api.errors import InvalidRequest
from chat_project.texts import is_unicode


def explain(body: bytes, error: Exception) -> InvalidRequest:
    """The error for a body that the decoder refused; `error` is the decoder's own.

    A lone surrogate is legal JSON but no text (it has no UTF-8 form), so it has its own code.
    """
    if isinstance(error, RecursionError):
        return _malformed("it is nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return _malformed("it is not UTF-8")
    path = _path_of_lone_surrogate(body)
    if path is not None:
        return InvalidRequest(
            f"{path or 'A property name'} has half of a surrogate pair, which is no character",
            code="lone_surrogate",
            details={"field": path or None},
        )
    if "out of range" in str(error):
        return _malformed("a number is out of range")
    return _malformed(str(error).removeprefix("JSON is malformed: "))


def _malformed(reason: str) -> InvalidRequest:
    return InvalidRequest(f"The body is not valid JSON: {reason}", code="malformed_json")


def _path_of_lone_surrogate(body: bytes) -> str | None:
    """Empty for a property name; None when there is none, or when this is no JSON at all."""
    try:
        return _search(json.loads(body), "")
    except (ValueError, RecursionError):
        return None


def _search(value: Any, path: str) -> str | None:
    if isinstance(value, str):
        return None if is_unicode(value) else path
    children: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        if not all(map(is_unicode, value)):
            return ""
        children = [(f"{path}.{name}".lstrip("."), item) for name, item in value.items()]
    elif isinstance(value, list):
        children = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    found = (_search(item, child_path) for child_path, item in children)
    return next((hit for hit in found if hit is not None), None)

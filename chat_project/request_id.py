"""The id of the request in hand: in every answer's metadata and in every log line."""

import re
from contextvars import ContextVar

from chat_project.identifiers import new_id

_ACCEPTED = re.compile(r"[A-Za-z0-9._:-]{1,128}")

_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin(offered: str | None) -> str:
    """Takes over the caller's id (header X-Request-ID) when it is safe to log, else makes one."""
    request_id = offered if offered and _ACCEPTED.fullmatch(offered) else new_id()
    _current.set(request_id)
    return request_id


def end() -> None:
    """What this thread does next belongs to no request."""
    _current.set(None)


def current() -> str | None:
    """None outside a request."""
    return _current.get()

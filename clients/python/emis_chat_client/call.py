"""One call of the service as a value: what is sent, and the type of what is answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from urllib.parse import quote

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Upload:
    """The one file of a form; `content` is sent again with each attempt."""

    file_name: str
    content: bytes


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """`path` begins with /api/v1; `query` and `body` go by the names of the JSON.

    `data_type` is the type of the answer's `data`. `idempotency_key` of a POST: None makes one.
    With an `upload` the body goes as the other fields of a form.
    """

    method: str
    path: str
    data_type: type[T_co]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    idempotency_key: str | None = None
    upload: Upload | None = None


def filled(path: str, **ids: str) -> str:
    """The path with its parameters, each escaped."""
    return path.format(**{name: quote(value, safe="") for name, value in ids.items()})


def given(**values: Any) -> dict[str, Any]:
    """Those that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def as_text(value: Any) -> str:
    """A parameter of the query as the service reads it. Raises ValueError for a naive time."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(as_json(value))


def as_json(value: Any) -> Any:
    """A field of a body as the service reads it: times in UTC, the rest as it is.

    Raises ValueError for a naive time: the service would take the local one as that of UTC.
    """
    if not isinstance(value, datetime):
        return value
    if value.utcoffset() is None:
        raise ValueError(
            f"{value!r} has no time zone: give datetime.now(UTC), or value.astimezone() if it is"
            " local time"
        )
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""From an HTTP response to the answer's data, or to the error that it tells."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar

import httpx
import msgspec

from emis_chat_client.errors import BY_STATUS, ChatError, UnexpectedAnswer, class_for

T = TypeVar("T")


class ErrorBody(msgspec.Struct, frozen=True):
    code: str
    message: str
    details: dict[str, Any] | None = None


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    timestamp: str
    request_id: str | None = None


class Envelope(msgspec.Struct, Generic[T], frozen=True):
    """The shape of every answer."""

    success: bool
    metadata: Metadata
    data: T | None = None
    error: ErrorBody | None = None


def data_of(response: httpx.Response, data_type: type[T]) -> T | ChatError:
    """The data of a success; an ApiError, or UnexpectedAnswer, for anything else."""
    if not response.is_success:
        return _error_of(response)
    try:
        envelope: Envelope[T] = _decoder(data_type).decode(response.content)
    except msgspec.DecodeError as error:
        return UnexpectedAnswer(response.status_code, f"{error}: {response.text}")
    return envelope.data  # type: ignore[return-value]  # None is in T where the data may be null


_DECODERS: dict[Any, msgspec.json.Decoder[Any]] = {}


def _decoder(data_type: Any) -> msgspec.json.Decoder[Any]:
    """Made once for each type of the answers' data."""
    if data_type not in _DECODERS:
        _DECODERS[data_type] = msgspec.json.Decoder(Envelope[data_type])
    return _DECODERS[data_type]


def _error_of(response: httpx.Response) -> ChatError:
    """A proxy's answer counts by its status where the service's own classes know that."""
    status = response.status_code
    try:
        envelope = _decoder(Any).decode(response.content)
        body, request_id = envelope.error, envelope.metadata.request_id
    except msgspec.DecodeError:
        body, request_id = None, None
    if body is None:
        if status not in BY_STATUS:
            return UnexpectedAnswer(status, response.text)
        body = ErrorBody(f"http_{status}", response.reason_phrase)
    return class_for(status, body.code)(
        status=status,
        code=body.code,
        message=body.message,
        details=body.details,
        request_id=request_id,
        retry_after_seconds=_retry_after(response, now=datetime.now(UTC)),
    )


def _retry_after(response: httpx.Response, *, now: datetime) -> float | None:
    """Seconds from now; the header may also be a date. None for none, or one that is neither."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (TypeError, ValueError):
        return None

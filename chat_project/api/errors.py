"""Every error that the REST API answers, and the one handler that gives them their shape."""

from typing import Any


class ApiError(Exception):
    """The root: an HTTP status, a stable code for programs, a sentence for people.

    `details` (optional, JSON) names the field or what is allowed; `retry_after_seconds` becomes
    the Retry-After header.
    """

    status = 400
    code = "bad_request"
    retry_after_seconds: int | None = None

    def __init__(
        self, message: str, *, code: str | None = None, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.details = details


class InvalidRequest(ApiError):
    """400: the request itself is wrong; `details.field` names the field."""

    code = "invalid_request"


class NotAuthenticated(ApiError):
    """401: no token, or one that is not valid."""

    status = 401
    code = "authentication_required"


class Forbidden(ApiError):
    """403: known, and not allowed."""

    status = 403
    code = "forbidden"


class NotFound(ApiError):
    """404: not there, or of another tenant: the two are never told apart."""

    status = 404
    code = "not_found"


class Conflict(ApiError):
    """409: the state of the thing does not allow it."""

    status = 409
    code = "conflict"


class PayloadTooLarge(ApiError):
    """413: the body is over the limit that `details.limitBytes` names."""

    status = 413
    code = "payload_too_large"


class UnsupportedMediaType(ApiError):
    """415: the body is not of the type that the endpoint reads."""

    status = 415
    code = "unsupported_media_type"


class Unprocessable(ApiError):
    """422: an idempotency key came again with another payload."""

    status = 422
    code = "idempotency_key_reused"


class RateLimited(ApiError):
    """429: more than a limit allows; `details` names the limit; retry after the given seconds."""

    status = 429
    code = "rate_limited"
    retry_after_seconds: int

    def __init__(
        self, message: str, *, retry_after_seconds: int, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message, details=details)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(ApiError):
    """503: a server that this needs is away or slow; retry after the given seconds."""

    status = 503
    code = "unavailable"
    retry_after_seconds = 1

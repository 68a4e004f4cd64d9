"""What can go wrong with a call, by what the caller can do about it.

`except Forbidden` takes all of a status, `except ReadOnly` the one code; `error.code` is the
service's stable code whether it has a class here or not.
"""

from typing import Any


class ChatError(Exception):
    """The root of all."""


class ConnectionFailed(ChatError):
    """No answer came, at any attempt. Whether it was done is unknown; `__cause__` is httpx's."""


class UnexpectedAnswer(ChatError):
    """An answer that is not the service's: its status and the beginning of its text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:200]}")
        self.status = status


class ApiError(ChatError):
    """The service refused. `details` names the field, the limit or the message."""

    def __init__(
        self,
        *,
        status: int,
        code: str,
        message: str,
        details: dict[str, Any] | None = None,
        request_id: str | None = None,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.details = details or {}
        self.request_id = request_id
        self.retry_after_seconds = retry_after_seconds


class InvalidRequest(ApiError):
    """400, 413, 415: `details["field"]` names the field."""


class NotAuthenticated(ApiError):
    """401: no token, or one that is not good."""


class TokenExpired(NotAuthenticated):
    """`token_expired`: get a new one."""


class Forbidden(ApiError):
    """403: not allowed to this user."""


class NotAParticipant(Forbidden):
    """`not_a_participant`: of this conversation."""


class ReadOnly(Forbidden):
    """`read_only`: may read here, not write."""


class AdminRequired(Forbidden):
    """`admin_required`."""


class NotTheSender(Forbidden):
    """`not_the_sender`: of this message."""


class NotFound(ApiError):
    """404: not there, or another school's."""


class ConversationNotFound(NotFound):
    """`conversation_not_found`."""


class MessageNotFound(NotFound):
    """`message_not_found`."""


class Conflict(ApiError):
    """409: the state does not allow it."""


class ConversationArchived(Conflict):
    """`conversation_archived`: nobody can write."""


class MessageDeleted(Conflict):
    """`message_deleted`."""


class EditWindowOver(Conflict):
    """`edit_window_over`: too late to edit it."""


class LastAdmin(Conflict):
    """`last_admin`: appoint another first."""


class IdempotencyKeyReused(ApiError):
    """422: the key was used for something else before."""


class RateLimited(ApiError):
    """429, after all attempts."""


class Unavailable(ApiError):
    """503 and its like, after all attempts: nothing was done, but for OutcomeUnknown."""


class OutcomeUnknown(Unavailable):
    """It may still be done later: ask for it, or send it again with the same key."""


class NeverAccepted(Unavailable):
    """503, and no further attempt can help: the service itself is not allowed to send it."""


BY_CODE: dict[str, type[ApiError]] = {
    "token_expired": TokenExpired,
    "not_a_participant": NotAParticipant,
    "read_only": ReadOnly,
    "admin_required": AdminRequired,
    "not_the_sender": NotTheSender,
    "conversation_not_found": ConversationNotFound,
    "message_not_found": MessageNotFound,
    "conversation_archived": ConversationArchived,
    "message_deleted": MessageDeleted,
    "edit_window_over": EditWindowOver,
    "last_admin": LastAdmin,
    "message_outcome_unknown": OutcomeUnknown,
    "change_outcome_unknown": OutcomeUnknown,
    "kafka_not_authorized": NeverAccepted,
    "kafka_rejected": NeverAccepted,
}
BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidRequest,
    401: NotAuthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: InvalidRequest,
    415: InvalidRequest,
    422: IdempotencyKeyReused,
    429: RateLimited,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def class_for(status: int, code: str) -> type[ApiError]:
    """The class by the code, else by the status, else ApiError."""
    return BY_CODE.get(code) or BY_STATUS.get(status, ApiError)

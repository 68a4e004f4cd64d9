"""What is answered when a file is not taken or not given."""

from enum import StrEnum

from chat_project.api.errors import (
    Forbidden,
    InvalidRequest,
    NotFound,
    PayloadTooLarge,
    Unavailable,
)


class TooLarge(StrEnum):
    """What is over its limit: a message type's file, any file, the whole form; the error codes."""

    IMAGE = "image_too_large"
    AUDIO = "audio_too_large"
    VIDEO = "video_too_large"
    FILE = "file_too_large"
    ATTACHMENT = "attachment_too_large"
    REQUEST = "request_too_large"


class StorageUnavailable(Unavailable):
    """503: the folder or bucket of files cannot be reached, or is full."""

    code = "storage_unavailable"


def storage_unavailable() -> StorageUnavailable:
    return StorageUnavailable("The storage of files does not answer; nothing was sent. Try again.")


def too_large(kind: TooLarge, limit_bytes: int) -> PayloadTooLarge:
    return PayloadTooLarge(
        f"The {kind.name.lower()} is over {limit_bytes} bytes",
        code=kind,
        details={"field": "file", "limitBytes": limit_bytes},
    )


def wrong_file(problem: str, *, code: str) -> InvalidRequest:
    return InvalidRequest(problem, code=code, details={"field": "file"})


def malformed_form(problem: str) -> InvalidRequest:
    return InvalidRequest(
        f"The body is no complete multipart form: {problem}", code="malformed_multipart"
    )


def invalid_link() -> Forbidden:
    return Forbidden(
        "This is no link of this service: ask for the message again", code="link_invalid"
    )


def expired_link() -> Forbidden:
    return Forbidden("The link has expired: ask for the message again", code="link_expired")


def no_such_attachment() -> NotFound:
    return NotFound("There is no such attachment", code="attachment_not_found")

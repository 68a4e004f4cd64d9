"""What clients send: the typed bodies of `text` and `batch`, and how a batch is taken apart."""

import json
from collections.abc import Mapping
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from chat_project.api.bodies import LARGE_BODY_BYTES, MAX_BODY_BYTES, decode_json
from chat_project.api.errors import ApiError, InvalidRequest
from chat_project.api.json_faults import explain
from chat_project.texts import MAX_ID_LENGTH
from messaging.events import Id

TEXT_BODY_LIMIT_BYTES = MAX_BODY_BYTES
BATCH_BODY_LIMIT_BYTES = LARGE_BODY_BYTES

MAX_BATCH_SIZE = 100

T = TypeVar("T")


class MentionRequest(
    msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """A person named in the text; start and length count UTF-16 code units."""

    user_id: Id
    user_name: str | None = None
    start_index: int = 0
    length: int = 0


class TextRequest(
    msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """A text to be sent. Types only; the rules are in `messaging.validation`."""

    conversation_id: Id
    sender_id: str | None = None
    user_id: str | None = None
    editor_user_id: str | None = None
    sender_name: str | None = None
    content: str | None = None
    mentions: list[MentionRequest] | None = None
    reply_to_message_id: Annotated[str, Meta(max_length=MAX_ID_LENGTH)] | None = None
    client_message_id: str | None = None


class AttachmentRequest(
    msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """The fields of a form that stand beside its file."""

    conversation_id: Id
    sender_id: str | None = None
    user_id: str | None = None
    editor_user_id: str | None = None
    sender_name: str | None = None
    caption: str | None = None
    client_message_id: str | None = None


class _Stated(
    msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Ids that the original needed, and that must be the token's."""

    user_id: str | None = None
    editor_user_id: str | None = None


class EditRequest(_Stated, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    content: str | None = None


class ReactionRequest(
    _Stated, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True
):
    emoji_code: str | None = None


class ReadRequest(_Stated, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`up_to_seq` absent: everything that is stored."""

    up_to_seq: int | None = None


class MarkRequest(_Stated, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body that says nothing new."""


def read_batch(body: bytes) -> list[TextRequest | ApiError]:
    """The items of `{"messages": […]}` or of a bare array; one that cannot be read is its error.

    Raises InvalidRequest when the body as a whole is wrong or has not 1 to 100 items.
    """
    items = _items_of(body)
    if not 1 <= len(items) <= MAX_BATCH_SIZE:
        raise InvalidRequest(
            f"messages has {len(items)} items; 1 to {MAX_BATCH_SIZE} are allowed",
            code="batch_size",
            details={"field": "messages", "limit": MAX_BATCH_SIZE},
        )
    return [_read_item(item) for item in items]


_array = msgspec.json.Decoder(list[msgspec.Raw])
_array_or_object = msgspec.json.Decoder(list[msgspec.Raw] | dict[str, msgspec.Raw])


def _items_of(body: bytes) -> list[bytes]:
    try:
        whole = _array_or_object.decode(body)
        items = whole if isinstance(whole, list) else _array.decode(_messages_in(whole) or b"null")
    except msgspec.ValidationError:
        raise _not_a_batch() from None
    except (ValueError, RecursionError) as error:
        return _items_of_odd_text(body, error)
    return [bytes(item) for item in items]


def _items_of_odd_text(body: bytes, error: Exception) -> list[bytes]:
    """A lone surrogate must only spoil its own item, so it is split by a decoder that takes it."""
    try:
        whole = json.loads(body)
        items = _messages_in(whole) if isinstance(whole, dict) else whole
        if not isinstance(items, list):
            raise _not_a_batch()
        return [json.dumps(item).encode() for item in items]
    except (ValueError, RecursionError):
        raise explain(body, error) from None


def _messages_in(whole: Mapping[str, T]) -> T | None:
    return next((value for name, value in whole.items() if name.lower() == "messages"), None)


def _not_a_batch() -> InvalidRequest:
    return InvalidRequest(
        'The body must be {"messages": [...]} or an array of messages',
        code="invalid_field",
        details={"field": "messages"},
    )


def _read_item(item: bytes) -> TextRequest | ApiError:
    try:
        return decode_json(item, TextRequest)
    except ApiError as error:
        return error

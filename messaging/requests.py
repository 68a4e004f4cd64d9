"""What clients send: the typed bodies of `text` and `batch`, and how a batch is taken apart."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chat_project.api.bodies import decode_json
from chat_project.api.errors import ApiError, InvalidRequest
from chat_project.api.json_faults import explain
from messaging.events import MAX_ID_LENGTH, Id

# Decimal, as the contract writes them (its binary sizes are called MiB).
TEXT_BODY_LIMIT_BYTES = 1_000_000
BATCH_BODY_LIMIT_BYTES = 4_000_000

MAX_BATCH_SIZE = 100


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
    sender_name: str | None = None
    content: str | None = None
    mentions: list[MentionRequest] | None = None
    reply_to_message_id: Annotated[str, Meta(max_length=MAX_ID_LENGTH)] | None = None
    client_message_id: str | None = None


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
    return [_read_item(bytes(item)) for item in items]


_Raws = list[msgspec.Raw]
_array = msgspec.json.Decoder(_Raws)
_array_or_object = msgspec.json.Decoder(_Raws | dict[str, msgspec.Raw])


def _items_of(body: bytes) -> _Raws:
    try:
        whole = _array_or_object.decode(body)
        if isinstance(whole, list):
            return whole
        named = next((value for name, value in whole.items() if name.lower() == "messages"), b"")
        return _array.decode(named or b"null")
    except msgspec.ValidationError:
        raise InvalidRequest(
            'The body must be {"messages": [...]} or an array of messages',
            code="invalid_field",
            details={"field": "messages"},
        ) from None
    except (ValueError, RecursionError) as error:
        raise explain(body, error) from None


def _read_item(item: bytes) -> TextRequest | ApiError:
    try:
        return decode_json(item, TextRequest)
    except ApiError as error:
        return error

"""The wire contract of what happens to a message later: edits, deletions, reactions, pins, reads.

Records of the message topic, told apart by `event-type` (contract section 4). JSON, camelCase;
unknown fields are ignored. The ids of a decoded event are canonical.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta
from typing_extensions import override

from chat_project.identifiers import canonical_id, new_id
from chat_project.texts import MAX_NAME_UTF16_UNITS, exceeds_utf16
from chat_project.timestamps import format_timestamp, parse_timestamp
from conversations.telling import SYSTEM
from messaging.events import MAX_CONTENT_UTF16_UNITS, Id, MalformedEvent, Outgoing, OversizeEvent

MAX_EMOJI_LENGTH = 64
"""Of an emojiCode, in UTF-16 code units: the longest sequences of Unicode have some 30."""
MAX_REACTIONS, MAX_REACTIONS_OF_A_USER = 1_000, 20
"""Of one message, and of one user there; more are not kept. They lie in the message's document, which
must stay far below MongoDB's 16 MiB: a thousand with the longest names and ids take 2."""

MAX_REDACTED_UTF16_UNITS = 100_000
"""Of what a redaction of the system leaves: texts that were brought from the replaced system are over
the limit of those that are sent. In JSON six bytes each at most, so that a record has room."""


class _Event(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    id: str | None = None
    occurred_on: str | None = None
    conversation_id: Id
    tenant_id: Id
    user_id: Id

    def canonical(self) -> None:
        self.conversation_id = canonical_id(self.conversation_id)
        self.tenant_id = canonical_id(self.tenant_id)
        self.user_id = canonical_id(self.user_id)


class _OfAMessage(_Event, kw_only=True):
    """`user_id` is who did it, `at` when, in ISO-8601 as its producer wrote it."""

    message_id: Id
    user_name: str | None = None
    at: str

    @override
    def canonical(self) -> None:
        super().canonical()
        self.message_id = canonical_id(self.message_id)


class Replaced(msgspec.Struct, frozen=True):
    """A message as this record left it: its last change, or its own; a place as consumers note it."""

    t: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    p: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    o: Annotated[int, Meta(ge=0, le=2**53)]


class MessageEditedEvent(_OfAMessage, kw_only=True):
    """`redacts`: what it replaces is kept nowhere, neither as earlier content nor as a quote.
    `replaces`: it counts only while the message is as it was then; None: always."""

    content: str
    redacts: bool | None = None
    replaces: Replaced | None = None

    @property
    def content_limit(self) -> int:
        """In UTF-16 code units. Only what the system itself redacts may be as long as it was."""
        is_systems = self.redacts and self.user_id == SYSTEM.user_id
        return MAX_REDACTED_UTF16_UNITS if is_systems else MAX_CONTENT_UTF16_UNITS


class MessageDeletedEvent(_OfAMessage):
    pass


class MessageReactionAddedEvent(_OfAMessage, kw_only=True):
    emoji_code: Annotated[str, Meta(min_length=1)]


class MessageReactionRemovedEvent(_OfAMessage, kw_only=True):
    emoji_code: Annotated[str, Meta(min_length=1)]


class MessagePinnedEvent(_OfAMessage):
    pass


class MessageUnpinnedEvent(_OfAMessage):
    pass


class MessagesReadEvent(_Event, kw_only=True):
    """`user_id` has read everything up to this number, which was fixed at acceptance."""

    up_to_seq: Annotated[int, Meta(ge=0, le=2**53)]
    read_at: str


ChangeEvent = (
    MessageEditedEvent
    | MessageDeletedEvent
    | MessageReactionAddedEvent
    | MessageReactionRemovedEvent
    | MessagePinnedEvent
    | MessageUnpinnedEvent
)
LaterEvent = ChangeEvent | MessagesReadEvent

LATER_EVENTS: tuple[type[LaterEvent], ...] = (
    MessageEditedEvent,
    MessageDeletedEvent,
    MessageReactionAddedEvent,
    MessageReactionRemovedEvent,
    MessagePinnedEvent,
    MessageUnpinnedEvent,
    MessagesReadEvent,
)
"""Their `event-type` is the name of the class."""

T = TypeVar("T", bound=LaterEvent)

_DECODERS: Mapping[type, msgspec.json.Decoder[Any]] = {
    event_type: msgspec.json.Decoder(event_type) for event_type in LATER_EVENTS
}
_encode = msgspec.json.Encoder().encode


def encode_later(event: LaterEvent, *, occurred_on: datetime) -> Outgoing:
    """The record of an accepted change: key and headers of contract section 4."""
    occurred = format_timestamp(occurred_on)
    event.id, event.occurred_on = new_id(), occurred
    return Outgoing(
        key=event.conversation_id,
        value=_encode(event),
        headers=[
            ("event-type", type(event).__name__.encode()),
            ("timestamp", occurred.encode()),
            ("ordering-key", event.conversation_id.encode()),
        ],
    )


def decode_later(value: bytes, event_type: type[T]) -> tuple[T, datetime]:
    """Reads and checks one event; gives its moment too, aware and floored to milliseconds.

    Raises MalformedEvent for what is no such event, OversizeEvent for one over a limit.
    """
    try:
        event: T = _DECODERS[event_type].decode(value)
        event.canonical()
        at = parse_timestamp(event.read_at if isinstance(event, MessagesReadEvent) else event.at)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MalformedEvent(str(error)) from error
    _check_size(event)
    return event, at


def _check_size(event: LaterEvent) -> None:
    if isinstance(event, MessagesReadEvent):
        return
    if event.user_name and exceeds_utf16(event.user_name, MAX_NAME_UTF16_UNITS):
        raise OversizeEvent(f"userName is over {MAX_NAME_UTF16_UNITS} UTF-16 code units")
    if isinstance(event, MessageEditedEvent) and exceeds_utf16(event.content, event.content_limit):
        raise OversizeEvent(f"content is over {event.content_limit} UTF-16 code units")
    if isinstance(event, MessageReactionAddedEvent | MessageReactionRemovedEvent) and exceeds_utf16(
        event.emoji_code, MAX_EMOJI_LENGTH
    ):
        raise OversizeEvent(f"emojiCode is over {MAX_EMOJI_LENGTH} UTF-16 code units")

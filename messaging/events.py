"""The wire contract: the typed records of `emis.message.sent` and their codec (contract section 4).

JSON, camelCase, UTF-8. Unknown fields are ignored, a null list is an empty one.
"""

import re
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from chat_project.identifiers import canonical_id, new_id
from chat_project.texts import MAX_ID_LENGTH, MAX_NAME_UTF16_UNITS, exceeds_utf16
from chat_project.timestamps import format_timestamp, parse_timestamp

MESSAGE_SENT = "MessageSentEvent"

MESSAGE_TYPES = ("Text", "Image", "Video", "Audio", "File", "System")

MAX_CONTENT_UTF16_UNITS = 5_000
MAX_MENTIONS = 100

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID_LENGTH, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Without control characters: ids stand in log lines and keys."""
_BareId = Annotated[str, Meta(min_length=1, max_length=MAX_ID_LENGTH)]
"""An Id whose characters `_check_ids` looks at, together with its event's others."""
Position = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class MalformedEvent(ValueError):
    """The bytes are no event of this contract; trying again cannot help."""


class OversizeEvent(MalformedEvent):
    """An event that no client of ours could have sent: a text or a list is over its limit."""


class Mention(msgspec.Struct, rename="camel", frozen=True):
    """A person named in the text; start and length count UTF-16 code units."""

    user_id: Id
    user_name: str | None = None
    start_index: Position = 0
    length: Position = 0

    def in_canonical_form(self) -> "Mention":
        user_id = canonical_id(self.user_id)
        return self if user_id == self.user_id else replace(self, user_id=user_id)


class Attachment(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """A file that was stored before its message was sent; sizes in bytes."""

    attachment_id: Id
    file_name: str | None = None
    file_type: str | None = None
    file_size: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    url: str | None = None
    thumbnail_url: str | None = None

    def in_canonical_form(self) -> "Attachment":
        attachment_id = canonical_id(self.attachment_id)
        changed = attachment_id != self.attachment_id
        return replace(self, attachment_id=attachment_id) if changed else self


class MessageSentEvent(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A message was accepted; `sent_at` is ISO-8601 as its producer wrote it."""

    id: str | None = None
    occurred_on: str | None = None
    message_id: _BareId
    conversation_id: _BareId
    tenant_id: _BareId
    sender_id: _BareId
    sender_name: str | None = None
    content: str | None = None
    sent_at: str
    reply_to_message_id: Annotated[str, Meta(max_length=MAX_ID_LENGTH)] | None = None
    reply_to_content: str | None = None
    reply_to_sender_name: str | None = None
    mentions: list[Mention] | None = None
    recipient_user_ids: list[str] | None = None
    type: str | None = None
    attachments: list[Attachment] | None = None

    def in_canonical_form(self) -> "MessageSentEvent":
        """The same event with its GUIDs in lower case, and no empty id; changes it in place."""
        self.message_id = canonical_id(self.message_id)
        self.conversation_id = canonical_id(self.conversation_id)
        self.tenant_id = canonical_id(self.tenant_id)
        self.sender_id = canonical_id(self.sender_id)
        reply_to = self.reply_to_message_id
        self.reply_to_message_id = canonical_id(reply_to) if reply_to else None
        if self.mentions:
            self.mentions = [mention.in_canonical_form() for mention in self.mentions]
        if self.recipient_user_ids:
            self.recipient_user_ids = [canonical_id(each) for each in self.recipient_user_ids]
        if self.attachments:
            self.attachments = [attachment.in_canonical_form() for attachment in self.attachments]
        return self

    def sent_at_utc(self) -> datetime:
        """Aware, floored to milliseconds. Raises ValueError when the text is no date."""
        return parse_timestamp(self.sent_at)


class Outgoing(msgspec.Struct, frozen=True):
    """A record as it is produced: the key decides the partition, the headers are strings."""

    key: str
    value: bytes
    headers: list[tuple[str, bytes]]


def encode_message_sent(event: MessageSentEvent, *, occurred_on: datetime) -> Outgoing:
    """The record of an accepted message: key and headers of contract section 4."""
    occurred = format_timestamp(occurred_on)
    event.id = new_id()
    event.occurred_on = occurred
    return Outgoing(
        key=event.conversation_id,
        value=msgspec.json.encode(event),
        headers=[
            ("event-type", MESSAGE_SENT.encode()),
            ("timestamp", occurred.encode()),
            ("ordering-key", event.conversation_id.encode()),
        ],
    )


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_decoder = msgspec.json.Decoder(MessageSentEvent)


def decode_message_sent(value: bytes) -> tuple[MessageSentEvent, datetime]:
    """Reads and checks one event; its ids are canonical afterwards. Gives `sent_at_utc()` too.

    Raises MalformedEvent for what is no such event, OversizeEvent for one over a limit.
    """
    try:
        event = _decoder.decode(value).in_canonical_form()
        sent_at = event.sent_at_utc()
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MalformedEvent(str(error)) from error
    _check_ids(event)
    _check_kind(event)
    _check_size(event)
    return event, sent_at


def _check_ids(event: MessageSentEvent) -> None:
    ids = (event.message_id, event.conversation_id, event.tenant_id, event.sender_id)
    if "".join(ids).isprintable():  # nearly always; some odd letters are allowed and not printable
        return
    for name, value in zip(
        ("messageId", "conversationId", "tenantId", "senderId"), ids, strict=True
    ):
        if _CONTROL.search(value):
            raise MalformedEvent(f"{name} holds a control character")


def _check_kind(event: MessageSentEvent) -> None:
    if event.type is not None and event.type not in MESSAGE_TYPES:
        raise MalformedEvent(f"type is {event.type!r}, not one of {', '.join(MESSAGE_TYPES)}")
    if event.content is None and not event.attachments:
        raise MalformedEvent("content is null and there is no attachment")


def _check_size(event: MessageSentEvent) -> None:
    if event.content and exceeds_utf16(event.content, MAX_CONTENT_UTF16_UNITS):
        raise OversizeEvent(f"content is over {MAX_CONTENT_UTF16_UNITS} UTF-16 code units")
    if event.mentions and len(event.mentions) > MAX_MENTIONS:
        raise OversizeEvent(f"{len(event.mentions)} mentions, over {MAX_MENTIONS}")
    names = [event.sender_name, event.reply_to_sender_name]
    names += [mention.user_name for mention in event.mentions or ()]
    if any(name and exceeds_utf16(name, MAX_NAME_UTF16_UNITS) for name in names):
        raise OversizeEvent(f"a name is over {MAX_NAME_UTF16_UNITS} UTF-16 code units")

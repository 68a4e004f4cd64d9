"""What is sent and answered. Times are aware; a field that may be null is `… | None`.

Made by scripts/make_client from the OpenAPI document: changes here are lost.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec


class ConversationMetadata(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Conversation metadata."""

    student_id: str | None
    student_name: str | None
    class_id: str | None
    class_name: str | None
    """of a ClassGroup"""


class Participant(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Participant."""

    user_id: str
    user_name: str
    role: str
    joined_at: datetime
    last_read_at: datetime | None


class LastMessage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Last message."""

    message_id: str
    seq: int
    sender_id: str
    sender_name: str | None
    content: str | None
    sent_at: datetime


class Conversation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A conversation as its reader sees it; every field is always there."""

    conversation_id: str
    type: str
    name: str
    is_active: bool
    """false: archived for all, nobody can write"""
    metadata: ConversationMetadata
    participants: list[Participant]
    """the first 100 by id; in lists both of a OneToOne, of others none. All of them: GET {id}/participants"""
    participant_count: int
    """1,000 means: or more"""
    last_message: LastMessage | None
    last_activity_at: datetime
    """when the last message was sent; without one, createdAt"""
    unread_count: int
    """others' undeleted messages after the reader's position, of the first 10,000 there; a list looks at 20,000 for all of its page, and at 500 or more of each"""
    role: str | None
    """the reader's"""
    muted_until: datetime | None
    """by the reader"""
    is_hidden: bool
    """in the reader's own archive"""
    created_at: datetime
    created_by: str
    updated_at: datetime


class ParticipantPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Participant page."""

    total_count: int
    page: int
    page_size: int
    total_pages: int
    has_previous_page: bool
    has_next_page: bool
    items: list[Participant]


class PersonRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Person, as it is sent."""

    user_id: str
    user_name: str
    """in UTF-16 code units"""


Role = Literal["Admin", "Member", "ReadOnly"]


class ConversationPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Conversation page."""

    total_count: int
    page: int
    page_size: int
    total_pages: int
    has_previous_page: bool
    has_next_page: bool
    items: list[Conversation]


ConversationType = Literal[
    "OneToOne", "StudentGroup", "ClassGroup", "TeacherGroup", "AnnouncementChannel"
]


class Attachment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Attachment."""

    attachment_id: str
    file_name: str | None
    file_type: str | None
    file_size: int | None
    """bytes"""
    url: str | None
    """a GET without token; it expires: then ask for the message again"""
    thumbnail_url: str | None
    """a JPEG, of pictures only"""


class Quote(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Quote."""

    message_id: str
    content: str | None
    sender_name: str | None


class Mention(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Mention."""

    user_id: str
    user_name: str | None
    """≤ 255 UTF-16 code units"""
    start_index: int
    """UTF-16 code units"""
    length: int
    """UTF-16 code units"""


class Reaction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Reaction."""

    emoji_code: str
    user_id: str
    user_name: str | None
    reacted_at: datetime


class ReadReceipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Read receipt."""

    user_id: str
    read_at: datetime


class Message(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message; every field is always there, null or an empty list where there is nothing."""

    message_id: str
    conversation_id: str | None
    seq: int | None
    """place in the conversation: 1, 2, 3 …; null until stored"""
    sender_id: str | None
    sender_name: str | None
    content: str | None
    type: str
    attachments: list[Attachment]
    reply_to: Quote | None
    mentions: list[Mention]
    reactions: list[Reaction]
    status: str
    sent_at: datetime | None
    edited_at: datetime | None
    is_deleted: bool
    is_pinned: bool
    pinned_by: str | None
    pinned_at: datetime | None
    read_receipts: list[ReadReceipt]
    read_count: int
    failure_reason: str | None
    """to the sender only"""


class ItemError(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Item error."""

    code: str
    message: str
    details: dict[str, Any] | None


class BatchOutcome(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Batch outcome."""

    success: bool
    data: Message | None
    error: ItemError | None


class MentionRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Mention, as it is sent."""

    user_id: str
    user_name: str | None = None
    """≤ 255 UTF-16 code units"""
    start_index: int | None = None
    """UTF-16 code units"""
    length: int | None = None
    """UTF-16 code units"""


class TextRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Text, as it is sent."""

    conversation_id: str
    sender_name: str | None = None
    """in UTF-16 code units"""
    content: str
    """in UTF-16 code units"""
    mentions: Sequence[MentionRequest] | None = None
    """≤ 100"""
    reply_to_message_id: str | None = None
    client_message_id: str | None = None
    """idempotency key, printable ASCII"""


class History(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """History."""

    messages: list[Message]
    has_more: bool
    """in the cursor's direction"""
    oldest_message_timestamp: datetime | None
    purged_seq: int | None = None
    """messages up to this number are kept no longer; absent where the page does not come to them"""


class MessagePage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A page of messages, newest first."""

    items: list[Message]
    total_count: int
    """of a list with over 1000 messages: how many there are at least"""
    page: int
    page_size: int
    total_pages: int
    has_previous_page: bool
    has_next_page: bool


class ReadPosition(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Read position."""

    conversation_id: str
    user_id: str
    up_to_seq: int
    read_at: datetime


MessageType = Literal["Text", "Image", "Video", "Audio", "File", "System"]

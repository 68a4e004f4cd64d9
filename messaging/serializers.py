"""How a message looks outside: the MessageDto of contract section 5, every field always present."""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from chat_project.api.envelope import Plain
from chat_project.mongodb import Document
from chat_project.timestamps import format_timestamp
from messaging.attachments.links import is_own, signed

DELETED_CONTENT = "[Message deleted]"


class _Dto(Plain, rename="camel", kw_only=True, frozen=True):
    """camelCase outside; dates are ISO-8601 texts."""


class AttachmentDto(_Dto, kw_only=True, frozen=True):
    attachment_id: str
    file_name: str | None = None
    file_type: str | None = None
    file_size: int | None = None
    url: str | None = None
    thumbnail_url: str | None = None


class QuoteDto(_Dto, kw_only=True, frozen=True):
    message_id: str
    content: str | None = None
    sender_name: str | None = None


class MentionDto(_Dto, kw_only=True, frozen=True):
    user_id: str
    user_name: str | None = None
    start_index: int
    length: int


class ReactionDto(_Dto, kw_only=True, frozen=True):
    emoji_code: str
    user_id: str
    user_name: str | None = None
    reacted_at: str


class ReadReceiptDto(_Dto, kw_only=True, frozen=True):
    user_id: str
    read_at: str


class MessageDto(_Dto, kw_only=True, frozen=True):
    """A message as it is answered; what is not known is null, lists are empty."""

    message_id: str
    conversation_id: str | None
    seq: int | None = None
    sender_id: str | None
    sender_name: str | None = None
    content: str | None = None
    type: str = "Text"
    attachments: list[AttachmentDto] = []
    reply_to: QuoteDto | None = None
    mentions: list[MentionDto] = []
    reactions: list[ReactionDto] = []
    status: str
    sent_at: str | None
    edited_at: str | None = None
    is_deleted: bool = False
    is_pinned: bool = False
    pinned_by: str | None = None
    pinned_at: str | None = None
    read_receipts: list[ReadReceiptDto] = []
    read_count: int = 0
    failure_reason: str | None = None


class ReadState(msgspec.Struct, frozen=True):
    """Who else has read a message: some of them, and how many there are."""

    receipts: list[ReadReceiptDto] = []
    count: int = 0


_UNREAD = ReadState()


def message_dto(document: Document, read: ReadState = _UNREAD) -> MessageDto:
    """A document of the collection `messages` as it is answered; a deleted one without content."""
    is_deleted = document.get("isDeleted", False)
    return MessageDto(
        message_id=document["_id"],
        conversation_id=document["conversationId"],
        seq=int(document["seq"]),  # the driver gives Int64, which JSON encoders do not know
        sender_id=document["senderId"],
        sender_name=document.get("senderName"),
        content=DELETED_CONTENT if is_deleted else document.get("content"),
        type=document["type"],
        attachments=[attachment_dto(each, document["_id"]) for each in attachments]
        if (attachments := document.get("attachments"))
        else [],
        reply_to=msgspec.convert(quote, QuoteDto) if (quote := document.get("replyTo")) else None,
        mentions=_each(MentionDto, document.get("mentions")),
        reactions=[_reaction(each) for each in reactions]
        if (reactions := document.get("reactions"))
        else [],
        status="Read" if read.count else document["status"],
        sent_at=format_timestamp(document["sentAt"]),
        edited_at=_date(document.get("editedAt")),
        is_deleted=is_deleted,
        is_pinned=document.get("isPinned", False),
        pinned_by=document.get("pinnedBy"),
        pinned_at=_date(document.get("pinnedAt")),
        read_receipts=read.receipts,
        read_count=read.count,
    )


def attachment_dto(stored: Document, message_id: str) -> AttachmentDto:
    """A file of a message, with links that work for some time; another service's own addresses
    stay as they are. For participants of the conversation only."""
    dto = msgspec.convert(stored, AttachmentDto)
    return msgspec.structs.replace(
        dto,
        url=_link(dto.url, dto.attachment_id, message_id),
        thumbnail_url=_link(dto.thumbnail_url, dto.attachment_id, message_id),
    )


def _link(address: str | None, attachment_id: str, message_id: str) -> str | None:
    if address is None or not is_own(address, attachment_id):
        return address
    return signed(address, message_id, now=time.time())


T = TypeVar("T", bound=_Dto)


def _each(dto: type[T], documents: Sequence[Document] | None) -> list[T]:
    return [msgspec.convert(each, dto) for each in documents] if documents else []


def _reaction(reaction: Document) -> ReactionDto:
    return ReactionDto(
        emoji_code=reaction["emojiCode"],
        user_id=reaction["userId"],
        user_name=reaction.get("userName"),
        reacted_at=format_timestamp(reaction["reactedAt"]),
    )


def _date(moment: datetime | None) -> str | None:
    return None if moment is None else format_timestamp(moment)

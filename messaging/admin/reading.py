"""A conversation's messages as its school's staff see them: by number, deleted ones included."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from chat_project.mongodb import Document, majority_collection
from messaging.history import MAX_SEQ
from messaging.serializers import AttachmentDto, attachment_dto

PAGE_SIZE = 50
INDEX = "conversation_seq"
_LINKS = ("https://", "http://", "/")
"""What the address of a file may begin with, to be a link: other services name files, too."""


class Earlier(msgspec.Struct, frozen=True):
    """What a message said before an edit."""

    content: str
    until: datetime


class File(msgspec.Struct, frozen=True):
    """`url`: a signed link, or None where there is none to follow."""

    name: str
    size: int | None
    url: str | None


class Shown(msgspec.Struct, frozen=True):
    """A message, ready to be written into a page; a deleted one has no content."""

    message_id: str
    seq: int
    sender_id: str
    sender_name: str
    type: str
    sent_at: datetime
    content: str
    quote: tuple[str, str] | None
    files: list[File]
    is_deleted: bool
    deleted_by: str | None
    edited_at: datetime | None
    earlier: list[Earlier]


class MessagePage(msgspec.Struct, frozen=True):
    """Newest first. `older_than` and `newer_than` are the numbers to ask on from; None: no more."""

    messages: list[Shown]
    older_than: int | None
    newer_than: int | None


def message_page(
    conversation_id: str,
    *,
    before_seq: int | None = None,
    after_seq: int | None = None,
    shows_history: bool,
) -> MessagePage:
    """One query, in the order of one index, whatever the number is. Raises pymongo's errors."""
    if after_seq is not None:
        found = _read(conversation_id, {"$gt": after_seq}, 1)
        documents, more = found[:PAGE_SIZE][::-1], len(found) > PAGE_SIZE
        has_older, has_newer = after_seq > 0, more
    else:
        found = _read(conversation_id, {"$lt": before_seq or MAX_SEQ}, -1)
        documents, more = found[:PAGE_SIZE], len(found) > PAGE_SIZE
        has_older, has_newer = more, bool(before_seq)
    messages = [_shown(each, shows_history=shows_history) for each in documents]
    return MessagePage(
        messages=messages,
        older_than=messages[-1].seq if messages and has_older else None,
        newer_than=messages[0].seq if messages and has_newer else None,
    )


def _read(conversation_id: str, seq: Mapping[str, int], direction: int) -> list[Document]:
    messages = majority_collection("messages")
    query = {"conversationId": conversation_id, "seq": seq}
    return list(messages.find(query, hint=INDEX, sort=[("seq", direction)], limit=PAGE_SIZE + 1))


def _shown(document: Document, *, shows_history: bool) -> Shown:
    is_deleted = bool(document.get("isDeleted"))
    history = document.get("history", ()) if shows_history and not is_deleted else ()
    quote = document.get("replyTo")
    return Shown(
        message_id=document["_id"],
        seq=int(document["seq"]),
        sender_id=document["senderId"],
        sender_name=document.get("senderName") or document["senderId"],
        type=document["type"],
        sent_at=document["sentAt"],
        content="" if is_deleted else document.get("content") or "",
        quote=_quoted(quote) if quote and not is_deleted else None,
        files=[]
        if is_deleted
        else [
            _file(attachment_dto(each, document["_id"])) for each in document.get("attachments", ())
        ],
        is_deleted=is_deleted,
        deleted_by=document.get("deletedBy"),
        edited_at=document.get("editedAt"),
        earlier=[Earlier(each.get("content") or "", each["until"]) for each in history],
    )


def _quoted(quote: Document) -> tuple[str, str]:
    return quote.get("senderName") or "", quote.get("content") or ""


def _file(attachment: AttachmentDto) -> File:
    url = attachment.url if attachment.url and attachment.url.startswith(_LINKS) else None
    return File(attachment.file_name or attachment.attachment_id, attachment.file_size, url)

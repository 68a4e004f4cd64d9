"""What is compared, in 16 bytes: made of an event and of a stored message by different ways.

Names and quoted texts are snapshots of the time of storing and are left out.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from chat_project.mongodb import Document
from consumers.audit.parsing import mapping
from consumers.decoding import SentMessage
from messaging.identifiers import fingerprint

FINGERPRINT_BYTES = 16

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def milliseconds(moment: object) -> int | None:
    """Since 1970; None for what is no date."""
    if not isinstance(moment, datetime):
        return None
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def fixed_part_of_event(message: SentMessage) -> bytes:
    """What no later change of the message may touch."""
    event = message.event
    return _digest(
        event.conversation_id,
        event.tenant_id,
        event.sender_id,
        event.type or "Text",
        milliseconds(message.sent_at),
        message.digest.hex(),
    )


def fixed_part_of_document(document: Document) -> bytes:
    return _digest(
        document.get("conversationId"),
        document.get("tenantId"),
        document.get("senderId"),
        document.get("type"),
        milliseconds(document.get("sentAt")),
        stored_digest(document).hex(),
    )


def rest_of_event(message: SentMessage) -> bytes:
    """What goes with the text and no edit touches: attachments, and the status."""
    attachments = message.event.attachments or ()
    return _digest([_present(msgspec.to_builtins(each)) for each in attachments], "Sent")


def rest_of_document(document: Document) -> bytes:
    return _digest(document.get("attachments") or [], document.get("status"))


def mentions_of_event(message: SentMessage) -> bytes | None:
    """As JSON: an edit drops those that end behind its text. None for none, as in what follows."""
    return _mentions(
        [_nameless(_present(msgspec.to_builtins(each))) for each in message.event.mentions or ()]
    )


def mentions_of_document(document: Document) -> bytes | None:
    return _mentions(_nameless_all(document.get("mentions") or []))


def mentions_within(mentions: bytes | None, length: int) -> bytes | None:
    """Of an event's, those that lie within the first `length` UTF-16 code units."""
    if mentions is None:
        return None
    found = msgspec.json.decode(mentions)
    return _mentions([each for each in found if each["startIndex"] + each["length"] <= length])


def _mentions(mentions: object) -> bytes | None:
    return _encode(mentions) if mentions else None


def marks(reactions: Iterable[tuple[object, object]], pinned_by: object) -> bytes:
    """Who reacted with what (userId, emojiCode), in the order of the log, and who pinned."""
    return _digest([list(each) for each in reactions], pinned_by)


def marks_of_document(document: Document) -> bytes:
    found = document.get("reactions") or []
    if not isinstance(found, list):
        return _digest(found)
    reactions = [(mapping(each).get("userId"), mapping(each).get("emojiCode")) for each in found]
    pinned_by = document.get("pinnedBy") if document.get("isPinned") else None
    return marks(reactions, pinned_by)


def text_alone(content: object) -> bytes | None:
    """A message's text, or what a reply quotes of it; None for an empty one, which is not stored."""
    return _digest(content) if content else None


def last_message_part(last: object) -> bytes:
    """Of a conversation's `lastMessage`, whatever that is."""
    if not isinstance(last, Mapping):
        return _digest(last)
    fields = ("messageId", "seq", "senderId", "senderName", "content")
    return _digest(*(last.get(field) for field in fields), milliseconds(last.get("sentAt")))


def as_last_message(document: Document) -> bytes:
    """What `last_message_part` must be if this message is the conversation's last."""
    return last_message_part({**document, "messageId": document["_id"]})


def stored_digest(document: Document) -> bytes:
    """`src.h`; empty if there is none."""
    found = mapping(document.get("src")).get("h")
    return bytes(found) if isinstance(found, bytes) else b""


def agrees_with_itself(document: Document) -> bool:
    """Whether `src.h` is the fingerprint of what is stored, and that is what readers see.

    A reply to another conversation's message has no quote: `src.r` is the id that it answers. What an
    event edited or deleted (`rev` names it) cannot be told by the fingerprint any more.
    """
    if document.get("status") != "Sent":
        return False
    if document.get("editedAt") or document.get("isDeleted"):
        return bool(document.get("rev")) and len(stored_digest(document)) == FINGERPRINT_BYTES
    try:
        made = fingerprint(
            document["conversationId"],
            document.get("content") or "",
            (document.get("replyTo") or {}).get("messageId") or document["src"].get("r"),
            [(m["userId"], m["startIndex"], m["length"]) for m in document.get("mentions") or ()],
            message_type=document["type"],
            attachment_ids=_attachment_ids(document.get("attachments") or ()),
        )
    except (AttributeError, KeyError, TypeError):
        return False
    return made == stored_digest(document)


def _attachment_ids(attachments: Iterable[Mapping[str, Any]]) -> list[str]:
    return [attachment["attachmentId"] for attachment in attachments]


def _nameless_all(mentions: object) -> object:
    """What is no list of mentions stays what it is: a value that differs."""
    if not isinstance(mentions, list):
        return mentions
    return [_nameless(each) if isinstance(each, Mapping) else each for each in mentions]


def _nameless(mention: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in mention.items() if name != "userName"}


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _other_type(value: object) -> object:
    """What BSON knows and JSON does not; never equal to a value that JSON knows, but for numbers."""
    return int(value) if isinstance(value, int) else f"{type(value).__name__}({value})"


_encode = msgspec.json.Encoder(order="sorted", enc_hook=_other_type).encode


def _digest(*parts: object) -> bytes:
    return hashlib.blake2b(_encode(parts), digest_size=16).digest()


NO_MARKS = marks([], None)
REST_OF_DELETED = _digest([], "Sent")

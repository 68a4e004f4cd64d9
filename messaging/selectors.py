"""Reading messages: what became of one, and the ones that replies quote."""

from collections.abc import Collection

import msgspec

from chat_project.api.errors import NotFound
from chat_project.api.tokens import TokenUser
from chat_project.mongodb import Document, collection
from conversations.cache import AcceptanceRecord, Lookup, look_up, read_record
from conversations.policies import may_read
from messaging.documents import Message
from messaging.events import MESSAGE_SENT
from messaging.receipts import message_as_answered
from messaging.serializers import MessageDto

MAJORITY = {"level": "majority"}
"""Read concern of what is answered: a failover cannot take it back."""


class QuotedMessage(msgspec.Struct, frozen=True):
    """What a reply needs to know of the message that it answers, as the consumer will quote it: without
    content where that is deleted or empty (a file without a caption)."""

    tenant_id: str
    conversation_id: str
    content: str | None
    sender_name: str | None


def message_outcome(user: TokenUser, message_id: str) -> MessageDto:
    """Sent or Read, Failed or Sending, as this user may know it; what is stored wins (design
    section 4).

    Raises NotFound, and Forbidden for a stored message of a conversation that is not the user's.
    """
    stored = stored_message(message_id)
    if stored is not None:
        if stored["tenantId"] != user.tenant_id:
            raise message_not_found()
        check_readable(user, stored["conversationId"])
        return message_as_answered(stored)
    record = own_record(user, message_id)
    if letter := own_dead_letter(user, message_id, record):
        return _failed(user, message_id, letter, record)
    if record is not None:
        return message_on_its_way(user, message_id, record)
    raise message_not_found()


def stored_message(message_id: str) -> Document | None:
    """Of whatever tenant; a failover cannot take it back."""
    found = Message.objects(id=message_id).read_concern(MAJORITY).as_pymongo()
    return next(iter(found), None)


def check_readable(user: TokenUser, conversation_id: str) -> None:
    """Raises NotFound or Forbidden unless the user may read the conversation."""
    found = look_up([Lookup(conversation_id, user.user_id)])[0]
    if refusal := may_read(user.tenant_id, found.settings, found.membership):
        raise refusal


def quoted_messages(message_ids: Collection[str]) -> dict[str, QuotedMessage]:
    """Those that are stored, of any tenant, by one query; none for no ids."""
    if not message_ids:
        return {}
    found = Message.objects(id__in=list(message_ids)).as_pymongo()
    return {document["_id"]: _quoted(document) for document in found}


def _quoted(document: Document) -> QuotedMessage:
    return QuotedMessage(
        tenant_id=document["tenantId"],
        conversation_id=document["conversationId"],
        content=None if document.get("isDeleted") else document.get("content") or None,
        sender_name=document.get("senderName") or None,
    )


def own_record(user: TokenUser, message_id: str) -> AcceptanceRecord | None:
    """The acceptance record of this message, if this user sent it."""
    record = read_record(message_id)
    if record is None:
        return None
    is_own = (record.tenant_id, record.sender_id) == (user.tenant_id, user.user_id)
    return record if is_own else None


def own_dead_letter(
    user: TokenUser, message_id: str, record: AcceptanceRecord | None
) -> Document | None:
    """The newest that names this sender; where it names none, the acceptance record may.

    Not of a change: what becomes of that is not what becomes of its message.
    """
    query = {"messageId": message_id, "eventType": {"$in": [None, MESSAGE_SENT]}}
    unnamed = (user.tenant_id, user.user_id) if record else (None, None)
    for letter in collection("dead_letters").find(query).sort("at", -1):
        tenant_id = letter.get("tenantId") or unnamed[0]
        sender_id = letter.get("senderId") or unnamed[1]
        if (tenant_id, sender_id) == (user.tenant_id, user.user_id):
            return letter
    return None


def message_on_its_way(user: TokenUser, message_id: str, record: AcceptanceRecord) -> MessageDto:
    """The user's own that was accepted and is not stored yet."""
    return MessageDto(
        message_id=message_id,
        conversation_id=record.conversation_id,
        sender_id=user.user_id,
        type=record.type,
        status="Sending",
        sent_at=record.sent_at,
    )


def message_not_found() -> NotFound:
    return NotFound("There is no such message", code="message_not_found")


def _failed(
    user: TokenUser, message_id: str, letter: Document, record: AcceptanceRecord | None
) -> MessageDto:
    known_conversation = record.conversation_id if record else None
    return MessageDto(
        message_id=message_id,
        conversation_id=letter.get("conversationId") or known_conversation,
        sender_id=user.user_id,
        type=record.type if record else "Text",
        status="Failed",
        sent_at=record.sent_at if record else None,
        failure_reason=letter["reason"],
    )

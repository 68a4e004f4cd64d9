"""The message that a change is of: stored, or on its way to be."""

from collections.abc import Callable
from functools import partial

import pymongo

from chat_project.api.errors import ApiError, Conflict
from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id
from chat_project.timestamps import parse_timestamp
from conversations.cache import Found, Lookup, look_up
from messaging.errors import target_unknown
from messaging.receipts import message_as_answered
from messaging.rules import Target
from messaging.selectors import (
    message_not_found,
    message_on_its_way,
    own_dead_letter,
    own_record,
    stored_message,
)
from messaging.serializers import MessageDto

DATABASE_SECONDS = 2.0
"""For what a change asks of MongoDB at a time; between such times it waits for Kafka."""

Allowed = Callable[[Target, Found], ApiError | None]


def checked_target(
    user: TokenUser, message_id: str, allowed: Allowed
) -> tuple[Target, Found, MessageDto]:
    """The message, its conversation as the cache knows it, and the message as GET answers it now.

    Raises what `allowed` refuses; NotFound; for the sender's own Conflict if it could not be stored,
    and OutcomeUnknown if Kafka has not acknowledged it and it is not stored.
    """
    with pymongo.timeout(DATABASE_SECONDS):
        target, as_answered = _target(user, canonical_id(message_id))
        found = look_up([Lookup(target.conversation_id, user.user_id)])[0]
        if refusal := allowed(target, found):
            raise refusal
        return target, found, as_answered()


def _target(user: TokenUser, message_id: str) -> tuple[Target, Callable[[], MessageDto]]:
    """Who has read it is asked for only when it is answered."""
    if (document := stored_message(message_id)) is not None:
        if document["tenantId"] != user.tenant_id:
            raise message_not_found()
        target = Target(
            message_id=message_id,
            conversation_id=document["conversationId"],
            sender_id=document["senderId"],
            type=document["type"],
            sent_at=document["sentAt"],
            is_deleted=bool(document.get("isDeleted")),
        )
        return target, partial(message_as_answered, document)
    record = own_record(user, message_id)
    if own_dead_letter(user, message_id, record) is not None:
        raise Conflict("The message could not be stored", code="message_failed")
    if record is None:
        raise message_not_found()
    if record.is_unknown:
        raise target_unknown(message_id)
    target = Target(
        message_id=message_id,
        conversation_id=record.conversation_id,
        sender_id=record.sender_id,
        type=record.type,
        sent_at=parse_timestamp(record.sent_at),
    )
    return target, partial(message_on_its_way, user, message_id, record)

"""Edits, deletions, reactions, pins and read positions: check, publish, answer (design section 2).

All go through the log behind their message, so that none can overtake it. The answer is optimistic, as
a send's is: GET tells when the change is applied. Each may be repeated without harm.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import TypedDict

import msgspec
import pymongo
from pymongo.errors import PyMongoError

from chat_project.api.envelope import Plain
from chat_project.api.errors import ApiError, Conflict, InvalidRequest, Unprocessable
from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id
from chat_project.mongodb import Document, described
from chat_project.settings.environment import environment
from chat_project.texts import exceeds_utf16, utf16_length
from chat_project.timestamps import format_timestamp, now
from conversations import services
from conversations.cache import Found, Lookup, look_up
from conversations.policies import may_read, may_send
from conversations.selectors import last_seq
from conversations.services import KeyedRequest
from messaging import rules
from messaging.changes import (
    MAX_EMOJI_LENGTH,
    LaterEvent,
    MessageDeletedEvent,
    MessageEditedEvent,
    MessagePinnedEvent,
    MessageReactionAddedEvent,
    MessageReactionRemovedEvent,
    MessagesReadEvent,
    MessageUnpinnedEvent,
    encode_later,
)
from messaging.deliveries import Delivered, Refused
from messaging.errors import change_outcome_unknown, not_sent
from messaging.producer import producer
from messaging.rules import Target
from messaging.serializers import DELETED_CONTENT, MessageDto, ReactionDto
from messaging.targets import DATABASE_SECONDS, Allowed, checked_target
from messaging.validation import check_content

logger = logging.getLogger(__name__)


class ReadPosition(Plain, frozen=True, rename="camel"):
    """What was accepted: everything up to this number is read."""

    conversation_id: str
    user_id: str
    up_to_seq: int
    read_at: str


def edit_message(user: TokenUser, message_id: str, content: str | None) -> MessageDto:
    """Mentions that end behind the new text are dropped. Raises ApiError; after it nothing was sent,
    but for `change_outcome_unknown`."""
    text, at = check_content(content), now()
    window = timedelta(minutes=environment().edit_window_minutes)

    def allowed(target: Target, found: Found) -> ApiError | None:
        return may_send(user.tenant_id, found.settings, found.membership) or rules.may_edit(
            target, user.user_id, now=at, window=window
        )

    target, found, dto = checked_target(user, message_id, allowed)
    _publish(MessageEditedEvent(**_who(user, target, found), at=format_timestamp(at), content=text))
    length = utf16_length(text)
    within = [each for each in dto.mentions if each.start_index + each.length <= length]
    return msgspec.structs.replace(
        dto, content=text, mentions=within, edited_at=format_timestamp(at)
    )


def delete_message(user: TokenUser, message_id: str) -> MessageDto:
    """As `edit_message`. A deleted message is deleted again without a word."""

    def allowed(target: Target, found: Found) -> ApiError | None:
        return may_read(user.tenant_id, found.settings, found.membership) or rules.may_delete(
            target, user.user_id, found.membership.role
        )

    target, found, dto = checked_target(user, message_id, allowed)
    if not target.is_deleted:
        at = format_timestamp(now())
        _publish(MessageDeletedEvent(**_who(user, target, found), at=at))
    return MessageDto(
        message_id=dto.message_id,
        conversation_id=dto.conversation_id,
        seq=dto.seq,
        sender_id=dto.sender_id,
        sender_name=dto.sender_name,
        content=DELETED_CONTENT,
        type=dto.type,
        status=dto.status,
        sent_at=dto.sent_at,
        is_deleted=True,
        read_receipts=dto.read_receipts,
        read_count=dto.read_count,
    )


def add_reaction(
    user: TokenUser, message_id: str, emoji_code: str | None, key: str | None
) -> MessageDto:
    """As `edit_message`; one per user and emoji, while the message has room. `key`: the header
    Idempotency-Key; used before for the same, it gives the message as it is now, else raises
    Unprocessable."""
    emoji, at = _emoji(emoji_code, "emojiCode"), format_timestamp(now())
    target, found, dto = checked_target(user, message_id, _may_mark(user, writing=False))
    event = MessageReactionAddedEvent(**_who(user, target, found), at=at, emoji_code=emoji)
    others = _without(dto.reactions, user.user_id, emoji)
    mine = [each for each in dto.reactions if each not in others]
    if not mine:
        if refusal := rules.may_react([each.user_id for each in others], user.user_id):
            raise refusal
        mine = [
            ReactionDto(
                emoji_code=emoji, user_id=event.user_id, user_name=event.user_name, reacted_at=at
            )
        ]
    if _publish_once(user, key, event, [target.message_id, emoji]) is not None:
        return dto
    return msgspec.structs.replace(dto, reactions=others + mine)


def remove_reaction(user: TokenUser, message_id: str, emoji_code: str | None) -> MessageDto:
    """As `edit_message`; one that is not there is removed without a word."""
    emoji, at = _emoji(emoji_code, "emoji"), format_timestamp(now())
    target, found, dto = checked_target(user, message_id, _may_mark(user, writing=False))
    _publish(MessageReactionRemovedEvent(**_who(user, target, found), at=at, emoji_code=emoji))
    return msgspec.structs.replace(dto, reactions=_without(dto.reactions, user.user_id, emoji))


def pin_message(user: TokenUser, message_id: str, key: str | None) -> MessageDto:
    """As `add_reaction`; a pinned one stays as it is. It goes into the log all the same: whoever took
    the pin off a moment ago may not be stored yet."""
    target, found, dto = checked_target(user, message_id, _may_mark(user, writing=True))
    at = format_timestamp(now())
    event = MessagePinnedEvent(**_who(user, target, found), at=at)
    if _publish_once(user, key, event, [target.message_id]) is not None or dto.is_pinned:
        return dto
    return msgspec.structs.replace(dto, is_pinned=True, pinned_by=user.user_id, pinned_at=at)


def unpin_message(user: TokenUser, message_id: str, key: str | None) -> MessageDto:
    """As `add_reaction`; one that is not pinned stays as it is."""
    target, found, dto = checked_target(user, message_id, _may_mark(user, writing=True))
    event = MessageUnpinnedEvent(**_who(user, target, found), at=format_timestamp(now()))
    if _publish_once(user, key, event, [target.message_id]) is not None:
        return dto
    return msgspec.structs.replace(dto, is_pinned=False, pinned_by=None, pinned_at=None)


def mark_read(
    user: TokenUser, conversation_id: str, up_to_seq: int | None, key: str | None
) -> ReadPosition:
    """Everything stored by now, or up to the given number, so that nothing on its way is marked.

    Under a key that was used for the same before: what was accepted then. Raises InvalidRequest for
    a number that no message has yet.
    """
    conversation_id = canonical_id(conversation_id)
    with pymongo.timeout(DATABASE_SECONDS):
        found = look_up([Lookup(conversation_id, user.user_id)])[0]
        if refusal := may_read(user.tenant_id, found.settings, found.membership):
            raise refusal
        last = last_seq(conversation_id)
    if up_to_seq is not None and not 0 <= up_to_seq <= last:
        raise InvalidRequest(
            f"upToSeq must be a whole number from 0 to {last}, the last message's",
            code="invalid_field",
            details={"field": "upToSeq", "limit": last},
        )
    position = last if up_to_seq is None else up_to_seq
    at = format_timestamp(now())
    event = MessagesReadEvent(
        conversation_id=conversation_id,
        tenant_id=user.tenant_id,
        user_id=user.user_id,
        up_to_seq=position,
        read_at=at,
    )
    accepted: Document = {"upToSeq": position, "readAt": at}
    accepted |= _publish_once(user, key, event, [conversation_id, up_to_seq], accepted) or {}
    position, at = int(accepted["upToSeq"]), accepted["readAt"]
    return ReadPosition(conversation_id, user.user_id, position, at)


def _may_mark(user: TokenUser, *, writing: bool) -> Allowed:
    """Reactions are for everyone who reads an active conversation; pins for who writes in it."""

    def allowed(target: Target, found: Found) -> ApiError | None:
        rule = may_send if writing else may_read
        if refusal := rule(user.tenant_id, found.settings, found.membership):
            return refusal
        if found.settings is not None and not found.settings.is_active:
            return Conflict("The conversation is archived", code="conversation_archived")
        return rules.may_mark(target)

    return allowed


class _Who(TypedDict):
    message_id: str
    conversation_id: str
    tenant_id: str
    user_id: str
    user_name: str | None


def _who(user: TokenUser, target: Target, found: Found) -> _Who:
    return {
        "message_id": target.message_id,
        "conversation_id": target.conversation_id,
        "tenant_id": user.tenant_id,
        "user_id": user.user_id,
        "user_name": found.membership.user_name or user.name,
    }


def _publish_once(
    user: TokenUser,
    key: str | None,
    event: LaterEvent,
    asked: Sequence[object],
    noted: Document | None = None,
) -> Document | None:
    """Publishes, and notes this under the key. Under one that was used for the same before only
    gives what was noted then: a late retry must not undo what came since."""
    if key is None:
        _publish(event)
        return None
    request = services.keyed_request(user, key, type(event).__name__, *asked)
    with pymongo.timeout(DATABASE_SECONDS):
        earlier = services.earlier_request(request)
    if earlier is None:
        _publish(event)
        _remember(request, event, noted)
    return earlier


def _remember(request: KeyedRequest, event: LaterEvent, noted: Document | None) -> None:
    """The change is sent by now: it is answered so, also when MongoDB does not take the note, or the
    key was meanwhile used for something else."""
    try:
        with pymongo.timeout(DATABASE_SECONDS):
            services.remember(request, event.conversation_id, noted)
    except (PyMongoError, Unprocessable) as error:
        logger.warning(
            "A %s in conversation %s is sent, but its idempotency key is not noted: %s",
            type(event).__name__,
            event.conversation_id,
            described(error) if isinstance(error, PyMongoError) else error,
        )


def _publish(event: LaterEvent) -> None:
    [delivery] = producer().send([encode_later(event, occurred_on=now())], _nobody_waits)
    if isinstance(delivery, Delivered):
        return
    message_id = None if isinstance(event, MessagesReadEvent) else event.message_id
    if isinstance(delivery, Refused):
        raise not_sent(message_id, delivery.reason)
    raise change_outcome_unknown(message_id)


def _nobody_waits(_index: int) -> None:
    """A change leaves no acceptance record behind."""


def _without(reactions: list[ReactionDto], user_id: str, emoji: str) -> list[ReactionDto]:
    return [each for each in reactions if (each.user_id, each.emoji_code) != (user_id, emoji)]


def _emoji(code: str | None, field: str) -> str:
    if not code or not code.strip() or "\0" in code or exceeds_utf16(code, MAX_EMOJI_LENGTH):
        raise InvalidRequest(
            f"{field} must be an emoji of 1 to {MAX_EMOJI_LENGTH} UTF-16 code units",
            code="invalid_field",
            details={"field": field, "limit": MAX_EMOJI_LENGTH},
        )
    return code

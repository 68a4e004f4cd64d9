"""A text on its way into the log: from a request whose form is right to an admitted message."""

from datetime import datetime

import msgspec

from chat_project.api.idempotency import check_key
from chat_project.api.ownership import check_body, check_sender
from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id, new_id
from chat_project.timestamps import format_timestamp
from conversations.cache import AcceptanceRecord
from messaging.events import Attachment, Mention, MessageSentEvent
from messaging.identifiers import derived_message_id, fingerprint
from messaging.requests import AttachmentRequest, MentionRequest, TextRequest
from messaging.serializers import MentionDto, MessageDto, QuoteDto, attachment_dto
from messaging.validation import check_caption, check_keys_agree, check_name, check_text


class Draft(msgspec.Struct, frozen=True):
    """A valid request of a user, under the id that it has for ever."""

    message_id: str
    content: str
    sender_name: str | None
    reply_to_message_id: str | None
    mentions: list[Mention]
    record: AcceptanceRecord
    attachments: list[Attachment] = []


class Admitted(msgspec.Struct, frozen=True):
    """A draft that may be sent. `record` is the one that counts, as it was found; None: Redis is away.
    `created_record`: this request answers for it."""

    draft: Draft
    sender_name: str | None
    sent_at: str
    quote: QuoteDto | None
    record: AcceptanceRecord | None
    created_record: bool


def draft_of(
    user: TokenUser, request: TextRequest, header_key: str | None, *, now: datetime
) -> Draft:
    """Applies the rules that need no look-up. Raises InvalidRequest, or Forbidden for a sender
    that is not the token's user. Without an idempotency key the id is new."""
    check_text(request)
    key = key_of(header_key, request.client_message_id)
    check_sender(user, request.sender_id)
    check_body(user, request.user_id, request.editor_user_id)
    conversation_id = canonical_id(request.conversation_id)
    content = request.content or ""
    reply_to = canonical_id(request.reply_to_message_id) if request.reply_to_message_id else None
    mentions = [_mention(mention) for mention in request.mentions or ()]
    places = [(mention.user_id, mention.start_index, mention.length) for mention in mentions]
    return Draft(
        message_id=derived_message_id(user.tenant_id, user.user_id, key) if key else new_id(),
        content=content,
        sender_name=request.sender_name or user.name,
        reply_to_message_id=reply_to,
        mentions=mentions,
        record=AcceptanceRecord(
            tenant_id=user.tenant_id,
            conversation_id=conversation_id,
            sender_id=user.user_id,
            sent_at=format_timestamp(now),
            fingerprint=fingerprint(conversation_id, content, reply_to, places).hex(),
        ),
    )


def attachment_draft_of(
    user: TokenUser,
    request: AttachmentRequest,
    attachment: Attachment,
    message_type: str,
    key: str | None,
    *,
    now: datetime,
) -> Draft:
    """The same for one file; `key`: of header or form (`key_of`)."""
    content = check_caption(request.caption)
    check_name(request.sender_name, "senderName")
    check_sender(user, request.sender_id)
    check_body(user, request.user_id, request.editor_user_id)
    conversation_id = canonical_id(request.conversation_id)
    sent = fingerprint(
        conversation_id,
        content,
        None,
        [],
        message_type=message_type,
        attachment_ids=[attachment.attachment_id],
    )
    return Draft(
        message_id=derived_message_id(user.tenant_id, user.user_id, key) if key else new_id(),
        content=content,
        sender_name=request.sender_name or user.name,
        reply_to_message_id=None,
        mentions=[],
        record=AcceptanceRecord(
            tenant_id=user.tenant_id,
            conversation_id=conversation_id,
            sender_id=user.user_id,
            sent_at=format_timestamp(now),
            fingerprint=sent.hex(),
            type=message_type,
        ),
        attachments=[attachment],
    )


def key_of(header_key: str | None, body_key: str | None) -> str | None:
    """The request's idempotency key. Raises InvalidRequest for an odd one, and for two."""
    check_key(body_key, "clientMessageId")
    check_keys_agree(header_key, body_key)
    return body_key if header_key is None else header_key


def event_of(admitted: Admitted) -> MessageSentEvent:
    draft, record, quote = admitted.draft, admitted.draft.record, admitted.quote
    return MessageSentEvent(
        message_id=draft.message_id,
        conversation_id=record.conversation_id,
        tenant_id=record.tenant_id,
        sender_id=record.sender_id,
        sender_name=admitted.sender_name,
        content=draft.content,
        sent_at=admitted.sent_at,
        reply_to_message_id=draft.reply_to_message_id,
        reply_to_content=quote.content if quote else None,
        reply_to_sender_name=quote.sender_name if quote else None,
        mentions=draft.mentions,
        recipient_user_ids=[],
        type=record.type if draft.attachments else None,
        attachments=draft.attachments or None,
    )


def sending_dto(admitted: Admitted) -> MessageDto:
    """The optimistic answer: everything that is known before the message is stored."""
    draft = admitted.draft
    return MessageDto(
        message_id=draft.message_id,
        conversation_id=draft.record.conversation_id,
        sender_id=draft.record.sender_id,
        sender_name=admitted.sender_name,
        content=draft.content,
        type=draft.record.type,
        attachments=[
            attachment_dto(msgspec.to_builtins(each), draft.message_id)
            for each in draft.attachments
        ],
        reply_to=admitted.quote,
        mentions=[
            MentionDto(
                user_id=mention.user_id,
                user_name=mention.user_name,
                start_index=mention.start_index,
                length=mention.length,
            )
            for mention in draft.mentions
        ],
        status="Sending",
        sent_at=admitted.sent_at,
    )


def _mention(mention: MentionRequest) -> Mention:
    return Mention(
        user_id=canonical_id(mention.user_id),
        user_name=mention.user_name,
        start_index=mention.start_index,
        length=mention.length,
    )

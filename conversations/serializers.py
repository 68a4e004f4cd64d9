"""How a conversation looks outside (contract section 5): every field always present."""

from collections.abc import Sequence
from datetime import datetime

from chat_project.api.envelope import Plain
from chat_project.mongodb import Document
from chat_project.timestamps import format_timestamp
from conversations import policies
from conversations.values import ConversationType


class _Dto(Plain, rename="camel", kw_only=True, frozen=True):
    """camelCase outside; dates are ISO-8601 texts."""


class ParticipantDto(_Dto, kw_only=True, frozen=True):
    user_id: str
    user_name: str
    role: str
    joined_at: str
    last_read_at: str | None


class LastMessageDto(_Dto, kw_only=True, frozen=True):
    message_id: str
    seq: int
    sender_id: str
    sender_name: str | None
    content: str | None
    sent_at: str


class MetadataDto(_Dto, kw_only=True, frozen=True):
    """What a group is about; names as far as the conversation's own name tells them."""

    student_id: str | None
    student_name: str | None
    class_id: str | None
    class_name: str | None


class ConversationDto(_Dto, kw_only=True, frozen=True):
    """A conversation as one user sees it: `role`, `unread_count`, `muted_until` and `is_hidden`
    are that user's. `participants` are some, in lists those of a OneToOne only."""

    conversation_id: str
    type: str
    name: str
    is_active: bool
    metadata: MetadataDto
    participants: list[ParticipantDto]
    participant_count: int
    last_message: LastMessageDto | None
    last_activity_at: str
    unread_count: int
    role: str | None
    muted_until: str | None
    is_hidden: bool
    created_at: str
    created_by: str
    updated_at: str


def conversation_dto(
    document: Document,
    own: Document | None,
    *,
    unread_count: int,
    people: Sequence[Document],
) -> ConversationDto:
    """`document`: as `reading.conversation_documents` gives it; `own`, `people`: participants."""
    last_message = document.get("lastMessage")
    own = own or {}
    return ConversationDto(
        conversation_id=document["_id"],
        type=document["type"],
        name=document["name"],
        is_active=document["isActive"],
        metadata=_metadata(document),
        participants=[participant_dto(each) for each in people],
        participant_count=document["participantCount"],
        last_message=_last_message(last_message) if last_message else None,
        last_activity_at=format_timestamp(last_activity(document)),
        unread_count=unread_count,
        role=own.get("role"),
        muted_until=_date(own.get("mutedUntil")),
        is_hidden=own.get("hiddenAt") is not None,
        created_at=format_timestamp(document["createdAt"]),
        created_by=document["createdBy"],
        updated_at=format_timestamp(document["updatedAt"]),
    )


def last_activity(document: Document) -> datetime:
    """When the newest message was sent; of a conversation without one, when it was founded."""
    last_message = document.get("lastMessage")
    moment: datetime = last_message["sentAt"] if last_message else document["createdAt"]
    return moment


def participant_dto(document: Document) -> ParticipantDto:
    return ParticipantDto(
        user_id=document["userId"],
        user_name=document["userName"],
        role=document["role"],
        joined_at=format_timestamp(document["joinedAt"]),
        last_read_at=_date(document.get("readAt")),
    )


def _metadata(document: Document) -> MetadataDto:
    kind, name = document["type"], document["name"]
    is_student, is_class = (
        kind == each for each in (ConversationType.STUDENT_GROUP, ConversationType.CLASS_GROUP)
    )
    return MetadataDto(
        student_id=document.get("studentId"),
        student_name=name.removeprefix(policies.STUDENT_PREFIX) if is_student else None,
        class_id=document.get("classId"),
        class_name=name.removeprefix(policies.CLASS_PREFIX) if is_class else None,
    )


def _last_message(document: Document) -> LastMessageDto:
    return LastMessageDto(
        message_id=document["messageId"],
        seq=int(document["seq"]),  # the driver gives Int64, which JSON encoders do not know
        sender_id=document["senderId"],
        sender_name=document.get("senderName"),
        content=document.get("content"),
        sent_at=format_timestamp(document["sentAt"]),
    )


def _date(moment: datetime | None) -> str | None:
    return None if moment is None else format_timestamp(moment)

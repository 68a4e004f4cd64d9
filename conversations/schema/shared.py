"""A conversation as it is answered, and what several endpoints have in common."""

# ruff: noqa: N815  # the fields are named as they are in JSON

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from chat_project.api.bodies import LARGE_BODY_BYTES
from chat_project.api.schema import KEY, OF_THE_TENANT, OF_THE_USER
from chat_project.texts import MAX_ID_LENGTH, MAX_NAME_UTF16_UNITS
from conversations.reading import COUNTED_PARTICIPANTS, SHOWN_PARTICIPANTS
from conversations.unread import LEAST_LIMIT, LIMIT, LIMIT_OF_PAGE
from conversations.values import ConversationType, Role

F = TypeVar("F", bound=Callable[..., Any])

TYPES = tuple(kind.value for kind in ConversationType)
ROLES = tuple(role.value for role in Role)

UNITS = "in UTF-16 code units"


class ParticipantSerializer(serializers.Serializer[Any]):
    userId = serializers.CharField()
    userName = serializers.CharField()
    role = serializers.ChoiceField(choices=ROLES)
    joinedAt = serializers.DateTimeField()
    lastReadAt = serializers.DateTimeField(allow_null=True)


class LastMessageSerializer(serializers.Serializer[Any]):
    messageId = serializers.CharField()
    seq = serializers.IntegerField()
    senderId = serializers.CharField()
    senderName = serializers.CharField(allow_null=True)
    content = serializers.CharField(allow_null=True)
    sentAt = serializers.DateTimeField()


class ConversationMetadataSerializer(serializers.Serializer[Any]):
    studentId = serializers.CharField(allow_null=True)
    studentName = serializers.CharField(allow_null=True)
    classId = serializers.CharField(allow_null=True)
    className = serializers.CharField(allow_null=True, help_text="of a ClassGroup")


class ConversationSerializer(serializers.Serializer[Any]):
    """A conversation as its reader sees it; every field is always there."""

    conversationId = serializers.CharField()
    type = serializers.ChoiceField(choices=TYPES)
    name = serializers.CharField()
    isActive = serializers.BooleanField(help_text="false: archived for all, nobody can write")
    metadata = ConversationMetadataSerializer()
    participants = ParticipantSerializer(
        many=True,
        help_text=f"the first {SHOWN_PARTICIPANTS} by id; in lists both of a OneToOne, of others"
        " none. All of them: GET {id}/participants",
    )
    participantCount = serializers.IntegerField(
        help_text=f"{COUNTED_PARTICIPANTS:,} means: or more"
    )
    lastMessage = LastMessageSerializer(allow_null=True)
    lastActivityAt = serializers.DateTimeField(
        help_text="when the last message was sent; without one, createdAt"
    )
    unreadCount = serializers.IntegerField(
        help_text="others' undeleted messages after the reader's position, of the first"
        f" {LIMIT:,} there; a list looks at {LIMIT_OF_PAGE:,} for all of its page, and at"
        f" {LEAST_LIMIT} or more of each"
    )
    role = serializers.ChoiceField(choices=ROLES, allow_null=True, help_text="the reader's")
    mutedUntil = serializers.DateTimeField(allow_null=True, help_text="by the reader")
    isHidden = serializers.BooleanField(help_text="in the reader's own archive")
    createdAt = serializers.DateTimeField()
    createdBy = serializers.CharField()
    updatedAt = serializers.DateTimeField()


class PersonSerializer(serializers.Serializer[Any]):
    userId = serializers.CharField(max_length=MAX_ID_LENGTH)
    userName = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=UNITS)


class OwnSerializer(serializers.Serializer[Any]):
    userId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)
    tenantId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_TENANT)


CONVERSATION_ID = OpenApiParameter("conversation_id", str, OpenApiParameter.PATH)
KEY_HEADER = OpenApiParameter(
    "Idempotency-Key",
    KEY,
    OpenApiParameter.HEADER,
    description="1 to 255 printable ASCII characters, meant per user: a retry with the same key and"
    " body finds what the first request did. Remembered for 7 days.",
)

SEEN = (
    " 403: `not_a_participant`, `user_mismatch`, `tenant_mismatch`."
    " 404: `conversation_not_found`. 503: `database_unavailable`."
)
LARGE_BODY = f" The body may have {LARGE_BODY_BYTES:,} bytes."
BODY = " 400: `malformed_json`, `lone_surrogate`, `invalid_field`."
NAMES = " `invalid_id`, `name_empty`, `name_not_text`, `name_too_long`."
BODY_ERRORS = {
    413: OpenApiResponse(description="`payload_too_large`"),
    415: OpenApiResponse(description="`unsupported_media_type`"),
}
CONFLICT = OpenApiResponse(description="the state or the type does not allow it; see above")
REUSED = OpenApiResponse(description="`idempotency_key_reused`: the key had another body")

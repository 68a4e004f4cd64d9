"""A message as it is answered, and what several endpoints have in common."""

# ruff: noqa: N815  # the fields are named as they are in JSON

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers

from chat_project.texts import MAX_NAME_UTF16_UNITS
from messaging.events import MESSAGE_TYPES

STATUSES = ("Sending", "Sent", "Delivered", "Read", "Failed")


class AttachmentSerializer(serializers.Serializer[Any]):
    attachmentId = serializers.CharField()
    fileName = serializers.CharField(allow_null=True)
    fileType = serializers.CharField(allow_null=True)
    fileSize = serializers.IntegerField(allow_null=True, help_text="bytes")
    url = serializers.CharField(
        allow_null=True, help_text="a GET without token; it expires: then ask for the message again"
    )
    thumbnailUrl = serializers.CharField(allow_null=True, help_text="a JPEG, of pictures only")


class QuoteSerializer(serializers.Serializer[Any]):
    messageId = serializers.CharField()
    content = serializers.CharField(allow_null=True)
    senderName = serializers.CharField(allow_null=True)


class MentionSerializer(serializers.Serializer[Any]):
    userId = serializers.CharField()
    userName = serializers.CharField(
        required=False, allow_null=True, help_text=f"≤ {MAX_NAME_UTF16_UNITS} UTF-16 code units"
    )
    startIndex = serializers.IntegerField(default=0, help_text="UTF-16 code units")
    length = serializers.IntegerField(default=0, help_text="UTF-16 code units")


class ReactionSerializer(serializers.Serializer[Any]):
    emojiCode = serializers.CharField()
    userId = serializers.CharField()
    userName = serializers.CharField(allow_null=True)
    reactedAt = serializers.DateTimeField()


class ReadReceiptSerializer(serializers.Serializer[Any]):
    userId = serializers.CharField()
    readAt = serializers.DateTimeField()


class MessageSerializer(serializers.Serializer[Any]):
    """A message; every field is always there, null or an empty list where there is nothing."""

    messageId = serializers.CharField()
    conversationId = serializers.CharField(allow_null=True)
    seq = serializers.IntegerField(
        allow_null=True, help_text="place in the conversation: 1, 2, 3 …; null until stored"
    )
    senderId = serializers.CharField(allow_null=True)
    senderName = serializers.CharField(allow_null=True)
    content = serializers.CharField(allow_null=True)
    type = serializers.ChoiceField(choices=MESSAGE_TYPES)
    attachments = AttachmentSerializer(many=True)
    replyTo = QuoteSerializer(allow_null=True)
    mentions = MentionSerializer(many=True)
    reactions = ReactionSerializer(many=True)
    status = serializers.ChoiceField(choices=STATUSES)
    sentAt = serializers.DateTimeField(allow_null=True)
    editedAt = serializers.DateTimeField(allow_null=True)
    isDeleted = serializers.BooleanField()
    isPinned = serializers.BooleanField()
    pinnedBy = serializers.CharField(allow_null=True)
    pinnedAt = serializers.DateTimeField(allow_null=True)
    readReceipts = ReadReceiptSerializer(many=True)
    readCount = serializers.IntegerField()
    failureReason = serializers.CharField(allow_null=True, help_text="to the sender only")


MESSAGE_ID = OpenApiParameter("message_id", str, OpenApiParameter.PATH)
CONVERSATION_ID = OpenApiParameter("conversation_id", str, OpenApiParameter.PATH)
BODY_ERRORS = {
    413: OpenApiResponse(description="`payload_too_large`, `message_too_large`"),
    415: OpenApiResponse(description="`unsupported_media_type`"),
}

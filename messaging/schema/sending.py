"""Sending: a text, a batch of them, a file."""

# ruff: noqa: N815  # the fields are named as they are in JSON

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from chat_project.api.idempotency import MAX_KEY_LENGTH
from chat_project.api.schema import KEY, OF_THE_USER, STATED
from chat_project.settings.environment import Environment
from chat_project.texts import MAX_ID_LENGTH, MAX_NAME_UTF16_UNITS
from conversations.cache import REPEATS_TO_ONE
from messaging import examples
from messaging.attachments.limits import LIMIT_BYTES
from messaging.events import MAX_CONTENT_UTF16_UNITS, MAX_MENTIONS
from messaging.requests import MAX_BATCH_SIZE
from messaging.schema.shared import BODY_ERRORS, MentionSerializer, MessageSerializer


class TextSerializer(serializers.Serializer[Any]):
    conversationId = serializers.CharField(max_length=MAX_ID_LENGTH)
    senderId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)
    userId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)
    editorUserId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)
    senderName = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=MAX_NAME_UTF16_UNITS,
        help_text="in UTF-16 code units",
    )
    content = serializers.CharField(
        max_length=MAX_CONTENT_UTF16_UNITS, help_text="in UTF-16 code units"
    )
    mentions = MentionSerializer(many=True, required=False, help_text=f"≤ {MAX_MENTIONS}")
    replyToMessageId = serializers.CharField(
        required=False, allow_null=True, max_length=MAX_ID_LENGTH
    )
    clientMessageId = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=MAX_KEY_LENGTH,
        help_text="idempotency key, printable ASCII",
    )


class AttachmentUploadSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(
        help_text=f"Image, Audio, File ≤ {LIMIT_BYTES['File']} bytes, Video ≤ {LIMIT_BYTES['Video']}"
    )
    conversationId = serializers.CharField()
    senderId = serializers.CharField(required=False, help_text=OF_THE_USER)
    userId = serializers.CharField(required=False, help_text=OF_THE_USER)
    editorUserId = serializers.CharField(required=False, help_text=OF_THE_USER)
    senderName = serializers.CharField(required=False)
    caption = serializers.CharField(
        required=False, help_text=f"≤ {MAX_CONTENT_UTF16_UNITS} UTF-16 code units"
    )
    clientMessageId = serializers.CharField(
        required=False, help_text="idempotency key, 1 to 255 printable ASCII"
    )


class BatchSerializer(serializers.Serializer[Any]):
    messages = TextSerializer(many=True, help_text=f"1 to {MAX_BATCH_SIZE}; a bare array works too")


class ItemErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    details = serializers.DictField(allow_null=True)


class BatchOutcomeSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    data = MessageSerializer(allow_null=True)  # type: ignore[assignment]  # DRF's own attribute
    error = ItemErrorSerializer(allow_null=True)


_KEY = OpenApiParameter(
    "Idempotency-Key",
    KEY,
    OpenApiParameter.HEADER,
    description="1 to 255 printable ASCII characters, meant per sender: a retry with the same key"
    " is the same message. In a batch K stands for K/0, K/1, …",
)
_SEND_ERRORS = {
    409: OpenApiResponse(description="`conversation_archived`"),
    422: OpenApiResponse(description="`idempotency_key_reused`: the key had another payload"),
}

_DEFAULTS = {name: field.default for name, field in Environment.model_fields.items()}
_RATE = (
    f"By default a sender may send {_DEFAULTS['rate_limit_messages_per_second']:,} messages a second"
    f" after a burst of {_DEFAULTS['rate_limit_burst']:,}, and all of a school"
    f" {_DEFAULTS['rate_limit_tenant_messages_per_second']:,} after"
    f" {_DEFAULTS['rate_limit_tenant_burst']:,}; more get 429 `rate_limited`. Retries of accepted"
    f" messages have limits of their own, {REPEATS_TO_ONE} times as high."
)

_NOT_SENT = (
    "`not_a_participant`, `read_only`. 404: `conversation_not_found`."
    " 503: `message_outcome_unknown` (it may be stored later: retry with the same key);"
    " not sent: `kafka_unavailable`, `queue_full`, `database_unavailable`, `accepting_paused`,"
    " `partitions_differ`; not sent, and no retry helps: `kafka_not_authorized`, `kafka_rejected`."
)
SEND_TEXT = extend_schema(
    operation_id="send_text",
    summary="Send a text",
    description="Answers once Kafka has acknowledged; the status is `Sending` until it is stored."
    f" {_RATE}"
    "\n\n400: `malformed_json`, `lone_surrogate`, `invalid_field`, `content_empty`,"
    " `content_too_long`, `content_has_nul`, `too_many_mentions`, `mention_outside_text`,"
    " `name_too_long`, `name_has_nul`, `invalid_idempotency_key`, `idempotency_keys_differ`,"
    " `reply_to_other_conversation`. 403: `sender_mismatch`, `user_mismatch`, `tenant_mismatch`,"
    f" {_NOT_SENT}",
    request=TextSerializer,
    parameters=[_KEY, *STATED],
    responses={200: MessageSerializer, **_SEND_ERRORS, **BODY_ERRORS},
    examples=examples.SEND_TEXT,
)

SEND_BATCH = extend_schema(
    operation_id="send_batch",
    summary="Send up to 100 texts",
    description=f"One outcome per item, in order; their codes are those of `text`. {_RATE} Each item"
    " counts; those that fit go through in their order."
    "\n\nFor the whole: 400: `batch_size`, `invalid_idempotency_key`. 429 only if a limit refused"
    " every item, with the wait after which all of them fit. 503 only if no item was acknowledged"
    " and one did not get into Kafka, with the code of the first: `message_outcome_unknown`,"
    " `kafka_unavailable`, `queue_full`, `accepting_paused`, `partitions_differ`,"
    " `kafka_not_authorized`, `kafka_rejected`. `error.details.outcomes` then tells of each.",
    request=BatchSerializer,
    parameters=[_KEY, *STATED],
    responses={200: BatchOutcomeSerializer(many=True), **BODY_ERRORS},
    examples=examples.SEND_BATCH,
)

SEND_ATTACHMENT = extend_schema(
    operation_id="send_attachment",
    summary="Send a file",
    description="Answered as a text is. The message's type follows from the file's content: Image,"
    " Video, Audio or File; most pictures have a thumbnail. The names of the fields match without case."
    f" {_RATE}"
    "\n\n400: `malformed_multipart`, `file_missing`, `file_empty`, `one_file`, `invalid_field`,"
    " `content_too_long`, `content_has_nul`, `name_too_long`, `name_has_nul`,"
    " `invalid_idempotency_key`, `idempotency_keys_differ`. 403: `sender_mismatch`,"
    f" `user_mismatch`, `tenant_mismatch`, {_NOT_SENT} Not sent either: `storage_unavailable`.",
    request={"multipart/form-data": AttachmentUploadSerializer},
    parameters=[_KEY, *STATED],
    responses={
        200: MessageSerializer,
        **_SEND_ERRORS,
        413: OpenApiResponse(
            description="`image_too_large`, `audio_too_large`, `video_too_large`, `file_too_large`,"
            " `attachment_too_large` (over every limit), `request_too_large`; `details.limitBytes`"
        ),
        415: OpenApiResponse(description="`unsupported_media_type`"),
    },
    examples=examples.SEND_ATTACHMENT,
)

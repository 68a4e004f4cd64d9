"""The OpenAPI description of the message endpoints; nothing here runs in a request."""

# ruff: noqa: N815  # the fields are named as they are in JSON

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers

from chat_project.api.idempotency import MAX_KEY_LENGTH
from chat_project.api.paging import MAX_PAGE_NUMBER, MAX_PAGE_SIZE
from chat_project.api.schema import KEY, OF_THE_USER, STATED, whole_number
from chat_project.settings.environment import Environment
from messaging import examples
from messaging.attachments.limits import LIMIT_BYTES
from messaging.changes import MAX_EMOJI_LENGTH
from messaging.events import (
    MAX_CONTENT_UTF16_UNITS,
    MAX_ID_LENGTH,
    MAX_MENTIONS,
    MAX_NAME_LENGTH,
    MESSAGE_TYPES,
)
from messaging.history import DEFAULT_PAGE_SIZE
from messaging.pages import MAX_COUNTED
from messaging.requests import MAX_BATCH_SIZE
from messaging.search import MAX_TERM_UTF16_UNITS

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
        required=False, allow_null=True, help_text=f"≤ {MAX_NAME_LENGTH} UTF-16 code units"
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


class TextSerializer(serializers.Serializer[Any]):
    conversationId = serializers.CharField(max_length=MAX_ID_LENGTH)
    senderId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)
    userId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)
    editorUserId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)
    senderName = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=MAX_NAME_LENGTH,
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


class HistorySerializer(serializers.Serializer[Any]):
    messages = MessageSerializer(many=True)
    hasMore = serializers.BooleanField(help_text="in the cursor's direction")
    oldestMessageTimestamp = serializers.DateTimeField(allow_null=True)


class MessagePageSerializer(serializers.Serializer[Any]):
    """A page of messages, newest first."""

    items = MessageSerializer(many=True)
    totalCount = serializers.IntegerField(
        help_text=f"of a list with over {MAX_COUNTED} messages: how many there are at least"
    )
    page = serializers.IntegerField()
    pageSize = serializers.IntegerField()
    totalPages = serializers.IntegerField()
    hasPreviousPage = serializers.BooleanField()
    hasNextPage = serializers.BooleanField()


_KEY = OpenApiParameter(
    "Idempotency-Key",
    KEY,
    OpenApiParameter.HEADER,
    description="1 to 255 printable ASCII characters, meant per sender: a retry with the same key"
    " is the same message. In a batch K stands for K/0, K/1, …",
)
_MESSAGE_ID = OpenApiParameter("message_id", str, OpenApiParameter.PATH)
_CONVERSATION_ID = OpenApiParameter("conversation_id", str, OpenApiParameter.PATH)
_MESSAGE_TYPE = OpenApiParameter(
    "message_type", str, OpenApiParameter.PATH, enum=MESSAGE_TYPES, description="in any case"
)
_MENTIONED_USER_ID = OpenApiParameter("user_id", str, OpenApiParameter.PATH)

_ONE_CURSOR = "At most one of beforeTimestamp, beforeSeq and afterSeq."
_PAGE = [
    OpenApiParameter(
        "beforeTimestamp", OpenApiTypes.DATETIME, description=f"strictly older. {_ONE_CURSOR}"
    ),
    OpenApiParameter("beforeSeq", int, description=f"smaller numbers. {_ONE_CURSOR}"),
    OpenApiParameter("afterSeq", int, description=f"the next greater numbers. {_ONE_CURSOR}"),
    OpenApiParameter("pageSize", whole_number(1, MAX_PAGE_SIZE), default=DEFAULT_PAGE_SIZE),
]
_SEARCHED = [
    OpenApiParameter(
        "searchTerm",
        {"type": "string", "minLength": 1, "maxLength": MAX_TERM_UTF16_UNITS},
        required=True,
        description="in UTF-16 code units, with a letter or a digit",
    ),
    OpenApiParameter("messageType", str, enum=MESSAGE_TYPES, description="in any case"),
    OpenApiParameter("fromDate", OpenApiTypes.DATETIME, description="included"),
    OpenApiParameter("toDate", OpenApiTypes.DATETIME, description="included"),
]
_NUMBERED_PAGE = [
    OpenApiParameter("pageNumber", whole_number(1, MAX_PAGE_NUMBER), default=1),
    OpenApiParameter("pageSize", whole_number(1, MAX_PAGE_SIZE), default=20),
]

_BODY_ERRORS = {
    413: OpenApiResponse(description="`payload_too_large`, `message_too_large`"),
    415: OpenApiResponse(description="`unsupported_media_type`"),
}
_SEND_ERRORS = {
    409: OpenApiResponse(description="`conversation_archived`"),
    422: OpenApiResponse(description="`idempotency_key_reused`: the key had another payload"),
}
_READ_ERRORS = (
    " 403: `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 503: `database_unavailable`."
)

_DEFAULTS = {name: field.default for name, field in Environment.model_fields.items()}
_RATE = (
    f"By default a sender may send {_DEFAULTS['rate_limit_messages_per_second']:,} messages a second"
    f" after a burst of {_DEFAULTS['rate_limit_burst']:,}, and all of a school"
    f" {_DEFAULTS['rate_limit_tenant_messages_per_second']:,} after"
    f" {_DEFAULTS['rate_limit_tenant_burst']:,}; more get 429 `rate_limited`. A retry of an accepted"
    " message costs nothing."
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
    responses={200: MessageSerializer, **_SEND_ERRORS, **_BODY_ERRORS},
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
    responses={200: BatchOutcomeSerializer(many=True), **_BODY_ERRORS},
    examples=examples.SEND_BATCH,
)

SEND_ATTACHMENT = extend_schema(
    operation_id="send_attachment",
    summary="Send a file",
    description="Answered as a text is. The message's type follows from the file's content: Image,"
    " Video, Audio or File; a picture has a thumbnail. The names of the fields match without case."
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

DOWNLOADS = extend_schema_view(
    # Their addresses come with the messages and are used as they are; the answer is no JSON.
    retrieve=extend_schema(exclude=True),
    thumbnail=extend_schema(exclude=True),
)

RETRIEVE = extend_schema(
    operation_id="get_message",
    summary="What became of a message",
    description="`Sent` with seq once it is stored, to the conversation's participants; to its"
    " sender `Sending` before, and `Failed` with failureReason if it could not be stored."
    f" 404: `message_not_found`.{_READ_ERRORS}",
    parameters=[_MESSAGE_ID, *STATED],
    responses={200: MessageSerializer},
    examples=examples.OUTCOME,
)

HISTORY = extend_schema(
    operation_id="get_history",
    summary="The messages of a conversation, newest first",
    description="Messages of one time are never split over two pages. 400:"
    f" `cursors_exclude_each_other`, `invalid_field`. 404: `conversation_not_found`.{_READ_ERRORS}",
    parameters=[_CONVERSATION_ID, *_PAGE, *STATED],
    responses={200: HistorySerializer},
    examples=examples.HISTORY,
)


_NOT_PUBLISHED = (
    " 503: `change_outcome_unknown` (it may be applied later: send it again), and not sent:"
    " `kafka_unavailable`, `queue_full`, `database_unavailable`, `accepting_paused`,"
    " `partitions_differ`, `kafka_not_authorized`, `kafka_rejected`."
)
_ONCE = OpenApiParameter(
    "Idempotency-Key",
    KEY,
    OpenApiParameter.HEADER,
    description="1 to 255 printable ASCII characters, meant per user: what was asked with the same"
    " key within a week is not done again, so that a late retry undoes nothing",
)
_REUSED = {422: OpenApiResponse(description="`idempotency_key_reused`: for another request")}
_WRONG_KEY = " 400: `invalid_idempotency_key`."
_CHANGE_ERRORS = (
    " 403: `not_a_participant`. 404: `message_not_found`, `conversation_not_found`. 409:"
    f" `message_failed`, `conversation_archived`. 413: `message_too_large`.{_NOT_PUBLISHED}"
)
_OPTIMISTIC = "The answer shows the message as it will be; GET tells when it is applied."


class EditSerializer(serializers.Serializer[Any]):
    content = serializers.CharField(
        max_length=MAX_CONTENT_UTF16_UNITS, help_text="in UTF-16 code units"
    )
    editorUserId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)


class StatedSerializer(serializers.Serializer[Any]):
    userId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)
    editorUserId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)


class EmojiSerializer(serializers.Serializer[Any]):
    emojiCode = serializers.CharField(max_length=MAX_EMOJI_LENGTH, help_text="in UTF-16 code units")
    userId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)


class ReadSerializer(serializers.Serializer[Any]):
    upToSeq = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        help_text="left out: everything that is stored",
    )
    userId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)


class ReadPositionSerializer(serializers.Serializer[Any]):
    conversationId = serializers.CharField()
    userId = serializers.CharField()
    upToSeq = serializers.IntegerField()
    readAt = serializers.DateTimeField()


EDIT = extend_schema(
    operation_id="edit_message",
    summary="Edit a message",
    description=f"{_OPTIMISTIC} Its sender may, for some time (EDIT_WINDOW_MINUTES). 400:"
    " `content_empty`, `content_too_long`, `content_has_nul`. 403: `not_the_sender`, `read_only`."
    f" 409: `edit_window_over`, `message_deleted`, `system_message`.{_CHANGE_ERRORS}",
    request=EditSerializer,
    parameters=[_MESSAGE_ID, *STATED],
    responses={200: MessageSerializer, **_BODY_ERRORS},
    examples=examples.EDIT,
)
DELETE = extend_schema(
    operation_id="delete_message",
    summary="Delete a message",
    description=f"{_OPTIMISTIC} Its sender may, and an Admin anyone's. 403: `not_the_sender`."
    f" 409: `system_message`.{_CHANGE_ERRORS}",
    parameters=[_MESSAGE_ID, *STATED],
    responses={200: MessageSerializer},
    examples=examples.DELETE,
)
PIN = extend_schema(
    operation_id="pin_message",
    summary="Pin a message",
    description=f"{_OPTIMISTIC}{_WRONG_KEY} 403: `read_only`. 409: `message_deleted`.{_CHANGE_ERRORS}",
    request=StatedSerializer,
    parameters=[_MESSAGE_ID, _ONCE, *STATED],
    responses={200: MessageSerializer, **_REUSED, **_BODY_ERRORS},
    examples=examples.PIN,
)
UNPIN = extend_schema(
    operation_id="unpin_message",
    summary="Take a pin off",
    description=f"{_OPTIMISTIC}{_WRONG_KEY} 403: `read_only`. 409: `message_deleted`.{_CHANGE_ERRORS}",
    request=StatedSerializer,
    parameters=[_MESSAGE_ID, _ONCE, *STATED],
    responses={200: MessageSerializer, **_REUSED, **_BODY_ERRORS},
    examples=examples.UNPIN,
)
REACT = extend_schema(
    operation_id="add_reaction",
    summary="React to a message",
    description=f"{_OPTIMISTIC} One per user and emoji. 400: `invalid_field`, `invalid_idempotency_key`. 409: `message_deleted`.{_CHANGE_ERRORS}",
    request=EmojiSerializer,
    parameters=[_MESSAGE_ID, _ONCE, *STATED],
    responses={200: MessageSerializer, **_REUSED, **_BODY_ERRORS},
    examples=examples.REACT,
)
UNREACT = extend_schema(
    operation_id="remove_reaction",
    summary="Take a reaction back",
    description=f"{_OPTIMISTIC} 400: `invalid_field`. 409: `message_deleted`.{_CHANGE_ERRORS}",
    parameters=[_MESSAGE_ID, OpenApiParameter("emoji", str, required=True), *STATED],
    responses={200: MessageSerializer},
    examples=examples.UNREACT,
)
MARK_READ = extend_schema(
    operation_id="mark_read",
    summary="Move one's read position",
    description="Never back. 400: `invalid_field`, `invalid_idempotency_key`. 403: `not_a_participant`. 404:"
    f" `conversation_not_found`.{_NOT_PUBLISHED}",
    request=ReadSerializer,
    parameters=[_CONVERSATION_ID, _ONCE, *STATED],
    responses={200: ReadPositionSerializer, **_REUSED, **_BODY_ERRORS},
    examples=examples.MARK_READ,
)
SEARCH = extend_schema(
    operation_id="search_messages",
    summary="The messages of a conversation that hold certain words, newest first",
    description="All words must be in the text or in the attachments' names, in any order; case and"
    " diacritics do not matter (`hoc` finds `Học`), and the last word may be a beginning, of two"
    " letters or more. A new message is found a moment after it is stored. Without deleted ones."
    " 400: `search_term_empty`, `search_term_too_long`, `invalid_field`."
    f" 404: `conversation_not_found`.{_READ_ERRORS}",
    parameters=[_CONVERSATION_ID, *_SEARCHED, *_NUMBERED_PAGE, *STATED],
    responses={200: MessagePageSerializer},
    examples=examples.PAGE,
)

PINNED = extend_schema(
    operation_id="get_pinned_messages",
    summary="The pinned messages of a conversation, newest first",
    description="Without deleted ones. 400: `invalid_field`. 404: `conversation_not_found`."
    f"{_READ_ERRORS}",
    parameters=[_CONVERSATION_ID, *_NUMBERED_PAGE, *STATED],
    responses={200: MessagePageSerializer},
    examples=examples.PAGE,
)

OF_TYPE = extend_schema(
    operation_id="get_messages_of_type",
    summary="The messages of one type in a conversation, newest first",
    description="Without deleted ones. 400: `invalid_field`, whose `details.allowed` names the"
    f" types. 404: `conversation_not_found`.{_READ_ERRORS}",
    parameters=[_CONVERSATION_ID, _MESSAGE_TYPE, *_NUMBERED_PAGE, *STATED],
    responses={200: MessagePageSerializer},
    examples=examples.PAGE,
)

MENTIONING = extend_schema(
    operation_id="get_messages_mentioning",
    summary="The messages of a conversation that mention a user, newest first",
    description="Without deleted ones; any user's may be asked. 400: `invalid_field`."
    f" 404: `conversation_not_found`.{_READ_ERRORS}",
    parameters=[_CONVERSATION_ID, _MENTIONED_USER_ID, *_NUMBERED_PAGE, *STATED],
    responses={200: MessagePageSerializer},
    examples=examples.PAGE,
)

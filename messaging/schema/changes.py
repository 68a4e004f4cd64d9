"""Changes of a message that is sent, and of one's read position."""

# ruff: noqa: N815  # the fields are named as they are in JSON

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from chat_project.api.schema import KEY, OF_THE_USER, STATED
from messaging import examples
from messaging.changes import MAX_EMOJI_LENGTH, MAX_REACTIONS, MAX_REACTIONS_OF_A_USER
from messaging.events import MAX_CONTENT_UTF16_UNITS
from messaging.schema.shared import BODY_ERRORS, CONVERSATION_ID, MESSAGE_ID, MessageSerializer

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
_OF_ITS_MESSAGE = (
    " 403: `not_a_participant`. 404: `message_not_found`, `conversation_not_found`. 409:"
    " `message_failed`"
)
_TO_KAFKA = (
    f". 413: `message_too_large`.{_NOT_PUBLISHED} Nor is it sent with 503 `message_outcome_unknown`:"
    " Kafka has not acknowledged the message itself."
)
_CHANGE_ERRORS = f"{_OF_ITS_MESSAGE}, `conversation_archived`{_TO_KAFKA}"
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
    parameters=[MESSAGE_ID, *STATED],
    responses={200: MessageSerializer, **BODY_ERRORS},
    examples=examples.EDIT,
)
DELETE = extend_schema(
    operation_id="delete_message",
    summary="Delete a message",
    description=f"{_OPTIMISTIC} Its sender may, and an Admin anyone's, System messages too, also in"
    f" an archived conversation. 403: `not_the_sender`.{_OF_ITS_MESSAGE}{_TO_KAFKA}",
    parameters=[MESSAGE_ID, *STATED],
    responses={200: MessageSerializer},
    examples=examples.DELETE,
)
PIN = extend_schema(
    operation_id="pin_message",
    summary="Pin a message",
    description=f"{_OPTIMISTIC}{_WRONG_KEY} 403: `read_only`. 409: `message_deleted`.{_CHANGE_ERRORS}",
    request=StatedSerializer,
    parameters=[MESSAGE_ID, _ONCE, *STATED],
    responses={200: MessageSerializer, **_REUSED, **BODY_ERRORS},
    examples=examples.PIN,
)
UNPIN = extend_schema(
    operation_id="unpin_message",
    summary="Take a pin off",
    description=f"{_OPTIMISTIC}{_WRONG_KEY} 403: `read_only`. 409: `message_deleted`.{_CHANGE_ERRORS}",
    request=StatedSerializer,
    parameters=[MESSAGE_ID, _ONCE, *STATED],
    responses={200: MessageSerializer, **_REUSED, **BODY_ERRORS},
    examples=examples.UNPIN,
)
REACT = extend_schema(
    operation_id="add_reaction",
    summary="React to a message",
    description=f"{_OPTIMISTIC} One per user and emoji; up to {MAX_REACTIONS:,} of a message, and"
    f" {MAX_REACTIONS_OF_A_USER} of one user there. 400: `invalid_field`, `invalid_idempotency_key`."
    f" 409: `message_deleted`, `too_many_reactions`.{_CHANGE_ERRORS}",
    request=EmojiSerializer,
    parameters=[MESSAGE_ID, _ONCE, *STATED],
    responses={200: MessageSerializer, **_REUSED, **BODY_ERRORS},
    examples=examples.REACT,
)
UNREACT = extend_schema(
    operation_id="remove_reaction",
    summary="Take a reaction back",
    description=f"{_OPTIMISTIC} 400: `invalid_field`. 409: `message_deleted`.{_CHANGE_ERRORS}",
    parameters=[MESSAGE_ID, OpenApiParameter("emoji", str, required=True), *STATED],
    responses={200: MessageSerializer},
    examples=examples.UNREACT,
)
MARK_READ = extend_schema(
    operation_id="mark_read",
    summary="Move one's read position",
    description="Never back. 400: `invalid_field`, `invalid_idempotency_key`. 403: `not_a_participant`. 404:"
    f" `conversation_not_found`.{_NOT_PUBLISHED}",
    request=ReadSerializer,
    parameters=[CONVERSATION_ID, _ONCE, *STATED],
    responses={200: ReadPositionSerializer, **_REUSED, **BODY_ERRORS},
    examples=examples.MARK_READ,
)

"""Reading: one message, history, lists, search, files."""

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

from chat_project.api.paging import MAX_PAGE_NUMBER, MAX_PAGE_SIZE
from chat_project.api.schema import FILE, STATED, whole_number
from messaging import examples
from messaging.events import MESSAGE_TYPES
from messaging.history import DEFAULT_PAGE_SIZE
from messaging.pages import MAX_COUNTED
from messaging.schema.shared import CONVERSATION_ID, MESSAGE_ID, MessageSerializer
from messaging.search import MAX_TERM_UTF16_UNITS


class HistorySerializer(serializers.Serializer[Any]):
    messages = MessageSerializer(many=True)
    hasMore = serializers.BooleanField(help_text="in the cursor's direction")
    oldestMessageTimestamp = serializers.DateTimeField(allow_null=True)
    purgedSeq = serializers.IntegerField(
        required=False,
        help_text="messages up to this number are kept no longer; absent where the page does not come"
        " to them",
    )


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


_READ_ERRORS = (
    " 403: `not_a_participant`, `user_mismatch`, `tenant_mismatch`. 503: `database_unavailable`."
)

_LINKED = [
    OpenApiParameter("attachment_id", str, OpenApiParameter.PATH),
    OpenApiParameter(
        "token", str, required=True, description="of the link: with the id, what a message says"
    ),
    OpenApiParameter(
        "Range", str, OpenApiParameter.HEADER, description="one range of bytes, for players"
    ),
]
_BYTES = "*/*"
_FILES: dict[Any, Any] = {
    (200, _BYTES): OpenApiResponse(FILE, description="The file, as it was checked on upload."),
    (206, _BYTES): OpenApiResponse(FILE, description="The part that Range asks for."),
    416: OpenApiResponse(description="The file has no such part: `range_not_satisfiable`."),
}
_FILE_ERRORS = (
    " Needs no token in a header. 403: `link_invalid`, `link_expired` (ask for the message again)."
    " 404: `attachment_not_found`. 503: `database_unavailable`, `storage_unavailable`."
)

DOWNLOADS = extend_schema_view(
    retrieve=extend_schema(
        operation_id="get_attachment",
        summary="A file of a message, by the link in the message",
        description=f"The address is `attachments[].url`, used as it is.{_FILE_ERRORS}",
        auth=[],
        parameters=_LINKED,
        responses=_FILES,
    ),
    thumbnail=extend_schema(
        operation_id="get_attachment_thumbnail",
        summary="The small picture of a picture, by the link in the message",
        description=f"The address is `attachments[].thumbnailUrl`, a JPEG.{_FILE_ERRORS}",
        auth=[],
        parameters=_LINKED,
        responses=_FILES,
    ),
)

RETRIEVE = extend_schema(
    operation_id="get_message",
    summary="What became of a message",
    description="`Sent` with seq once it is stored, to the conversation's participants; to its"
    " sender `Sending` before, and `Failed` with failureReason if it could not be stored."
    f" 404: `message_not_found`.{_READ_ERRORS}",
    parameters=[MESSAGE_ID, *STATED],
    responses={200: MessageSerializer},
    examples=examples.OUTCOME,
)

HISTORY = extend_schema(
    operation_id="get_history",
    summary="The messages of a conversation, newest first",
    description="Messages of one time are never split over two pages. 400:"
    f" `cursors_exclude_each_other`, `invalid_field`. 404: `conversation_not_found`.{_READ_ERRORS}",
    parameters=[CONVERSATION_ID, *_PAGE, *STATED],
    responses={200: HistorySerializer},
    examples=examples.HISTORY,
)


SEARCH = extend_schema(
    operation_id="search_messages",
    summary="The messages of a conversation that hold certain words, newest first",
    description="All words must be in the text or in the attachments' names, in any order; case and"
    " diacritics do not matter (`hoc` finds `Học`), and the last word may be a beginning, of two"
    " letters or more. A new message is found a moment after it is stored. Without deleted ones."
    " 400: `search_term_empty`, `search_term_too_long`, `invalid_field`."
    f" 404: `conversation_not_found`.{_READ_ERRORS}",
    parameters=[CONVERSATION_ID, *_SEARCHED, *_NUMBERED_PAGE, *STATED],
    responses={200: MessagePageSerializer},
    examples=examples.PAGE,
)

PINNED = extend_schema(
    operation_id="get_pinned_messages",
    summary="The pinned messages of a conversation, newest first",
    description="Without deleted ones. 400: `invalid_field`. 404: `conversation_not_found`."
    f"{_READ_ERRORS}",
    parameters=[CONVERSATION_ID, *_NUMBERED_PAGE, *STATED],
    responses={200: MessagePageSerializer},
    examples=examples.PAGE,
)

OF_TYPE = extend_schema(
    operation_id="get_messages_of_type",
    summary="The messages of one type in a conversation, newest first",
    description="Without deleted ones. 400: `invalid_field`, whose `details.allowed` names the"
    f" types. 404: `conversation_not_found`.{_READ_ERRORS}",
    parameters=[CONVERSATION_ID, _MESSAGE_TYPE, *_NUMBERED_PAGE, *STATED],
    responses={200: MessagePageSerializer},
    examples=examples.PAGE,
)

MENTIONING = extend_schema(
    operation_id="get_messages_mentioning",
    summary="The messages of a conversation that mention a user, newest first",
    description="Without deleted ones; any user's may be asked. 400: `invalid_field`."
    f" 404: `conversation_not_found`.{_READ_ERRORS}",
    parameters=[CONVERSATION_ID, _MENTIONED_USER_ID, *_NUMBERED_PAGE, *STATED],
    responses={200: MessagePageSerializer},
    examples=examples.PAGE,
)

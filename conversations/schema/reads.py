"""Reading: one conversation, lists, search, participants."""

# ruff: noqa: N815  # the fields are named as they are in JSON

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers

from chat_project.api.paging import MAX_PAGE_NUMBER, MAX_PAGE_SIZE
from chat_project.api.schema import CONDITIONAL, NOT_MODIFIED, STATED, whole_number
from conversations import examples
from conversations.listing import MAX_TERM_UTF16_UNITS
from conversations.schema.shared import (
    CONVERSATION_ID,
    SEEN,
    TYPES,
    ConversationSerializer,
    F,
    ParticipantSerializer,
)


class _PagingSerializer(serializers.Serializer[Any]):
    totalCount = serializers.IntegerField()
    page = serializers.IntegerField()
    pageSize = serializers.IntegerField()
    totalPages = serializers.IntegerField()
    hasPreviousPage = serializers.BooleanField()
    hasNextPage = serializers.BooleanField()


class ConversationPageSerializer(_PagingSerializer):
    items = ConversationSerializer(many=True)


class ParticipantPageSerializer(_PagingSerializer):
    items = ParticipantSerializer(many=True)


_PAGING = [
    OpenApiParameter("pageNumber", whole_number(1, MAX_PAGE_NUMBER), default=1),
    OpenApiParameter("pageSize", whole_number(1, MAX_PAGE_SIZE), default=20),
]
_LIST = [
    OpenApiParameter("type", str, enum=TYPES, description="only this type, without case"),
    OpenApiParameter(
        "includeArchived",
        bool,
        default=False,
        description="also those that are archived for all, or hidden by the user",
    ),
    *_PAGING,
]


def _list(name: str, summary: str, told: str, *more: OpenApiParameter) -> Callable[[F], F]:
    return extend_schema(
        operation_id=name,
        summary=summary,
        description=f"{told} The last active first. 400: `invalid_field`."
        " 403: `user_mismatch`, `tenant_mismatch`. 503: `database_unavailable`.",
        parameters=[*more, *_LIST, *STATED, *CONDITIONAL],
        responses={200: ConversationPageSerializer, **NOT_MODIFIED},
        examples=examples.LISTED,
    )


OF_USER = _list(
    "get_conversations_of_user",
    "The user's own conversations",
    "For this user only.",
    OpenApiParameter("user_id", str, OpenApiParameter.PATH),
)
SEARCH = _list(
    "search_conversations",
    "Search the user's own conversations by name",
    "Every word must be in the name, in any order; case and diacritics do not count.",
    OpenApiParameter(
        "searchTerm",
        {"type": "string", "minLength": 1, "maxLength": MAX_TERM_UTF16_UNITS},
        required=True,
        description="in UTF-16 code units, not only blanks",
    ),
)
OF_STUDENT = _list(
    "get_conversations_of_student",
    "The user's own conversations about a student",
    "Empty for who is in none.",
    OpenApiParameter("student_id", str, OpenApiParameter.PATH),
)
OF_CLASS = _list(
    "get_conversations_of_class",
    "The user's own conversations about a class",
    "Its class groups, and the groups of its students that name it. Empty for who is in none.",
    OpenApiParameter("class_id", str, OpenApiParameter.PATH),
)

RETRIEVE = extend_schema(
    operation_id="get_conversation",
    summary="One conversation",
    description=f"For its participants.{SEEN}",
    parameters=[CONVERSATION_ID, *STATED, *CONDITIONAL],
    responses={200: ConversationSerializer, **NOT_MODIFIED},
    examples=examples.SHOWN,
)
PARTICIPANTS = extend_schema(
    operation_id="get_participants",
    summary="All participants, in the order of their ids",
    description=f"For participants. 400: `invalid_field`.{SEEN}",
    parameters=[CONVERSATION_ID, *_PAGING, *STATED, *CONDITIONAL],
    responses={200: ParticipantPageSerializer, **NOT_MODIFIED},
    examples=examples.PARTICIPANTS,
)

"""The OpenAPI description of the conversation endpoints; nothing here runs in a request."""

# ruff: noqa: N815  # the fields are named as they are in JSON

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from chat_project.api.paging import MAX_PAGE_NUMBER, MAX_PAGE_SIZE
from chat_project.api.schema import (
    CONDITIONAL,
    KEY,
    NOT_MODIFIED,
    OF_THE_TENANT,
    OF_THE_USER,
    STATED,
    whole_number,
)
from conversations import examples
from conversations.listing import MAX_TERM_LENGTH
from conversations.policies import MAX_ID_LENGTH, MAX_NAME_UTF16_UNITS
from conversations.reading import COUNTED_PARTICIPANTS, SHOWN_PARTICIPANTS
from conversations.unread import LIMIT
from conversations.values import ConversationType, Role

F = TypeVar("F", bound=Callable[..., Any])

TYPES = tuple(kind.value for kind in ConversationType)
ROLES = tuple(role.value for role in Role)

_UNITS = "in UTF-16 code units"


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
        f" {LIMIT:,} there"
    )
    role = serializers.ChoiceField(choices=ROLES, allow_null=True, help_text="the reader's")
    mutedUntil = serializers.DateTimeField(allow_null=True, help_text="by the reader")
    isHidden = serializers.BooleanField(help_text="in the reader's own archive")
    createdAt = serializers.DateTimeField()
    createdBy = serializers.CharField()
    updatedAt = serializers.DateTimeField()


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


class PersonSerializer(serializers.Serializer[Any]):
    userId = serializers.CharField(max_length=MAX_ID_LENGTH)
    userName = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=_UNITS)


class OwnSerializer(serializers.Serializer[Any]):
    userId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)
    tenantId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_TENANT)


class _FoundingSerializer(OwnSerializer):
    createdBy = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)
    userName = serializers.CharField(
        required=False, allow_null=True, help_text="the founder's, for tokens without a name"
    )


class OneToOneSerializer(_FoundingSerializer):
    otherUserId = serializers.CharField(max_length=MAX_ID_LENGTH)
    otherUserName = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=_UNITS)


class StudentGroupSerializer(_FoundingSerializer):
    studentId = serializers.CharField(max_length=MAX_ID_LENGTH)
    studentName = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=_UNITS)
    classId = serializers.CharField(required=False, allow_null=True)
    parents = PersonSerializer(many=True, help_text="at least one")
    teachers = PersonSerializer(
        many=True, required=False, help_text="the Admins; without any, the parents are"
    )


class ClassGroupSerializer(_FoundingSerializer):
    classId = serializers.CharField(max_length=MAX_ID_LENGTH)
    className = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=_UNITS)
    teachers = PersonSerializer(many=True, help_text="at least one; they are the Admins")
    members = PersonSerializer(many=True, required=False)


class TeacherGroupSerializer(_FoundingSerializer):
    name = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=_UNITS)
    teachers = PersonSerializer(many=True, required=False)


class AnnouncementChannelSerializer(_FoundingSerializer):
    name = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=_UNITS)
    staff = PersonSerializer(many=True, required=False, help_text="Members")
    parents = PersonSerializer(many=True, required=False, help_text="ReadOnly")


class ParticipantsSerializer(serializers.Serializer[Any]):
    participants = PersonSerializer(many=True, required=False)
    userId = serializers.CharField(required=False, help_text="one person instead of a list")
    userName = serializers.CharField(required=False)
    role = serializers.ChoiceField(
        choices=ROLES,
        required=False,
        help_text="of all of them; ReadOnly in a channel, else Member",
    )


class RenameSerializer(OwnSerializer):
    name = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=_UNITS)


class MuteSerializer(OwnSerializer):
    mutedUntil = serializers.DateTimeField(
        allow_null=True, help_text="null or a time that is over: not muted"
    )


_CONVERSATION_ID = OpenApiParameter("conversation_id", str, OpenApiParameter.PATH)
_KEY = OpenApiParameter(
    "Idempotency-Key",
    KEY,
    OpenApiParameter.HEADER,
    description="1 to 255 printable ASCII characters, meant per user: a retry with the same key and"
    " body finds what the first request did. Remembered for 7 days.",
)
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

_SEEN = (
    " 403: `not_a_participant`, `user_mismatch`, `tenant_mismatch`."
    " 404: `conversation_not_found`. 503: `database_unavailable`."
)
_ADMINS = (
    f"For its Admins, others get `admin_required`; in a OneToOne for either of the two.{_SEEN}"
)
_BODY = " 400: `malformed_json`, `lone_surrogate`, `invalid_field`."
_NAMES = " `invalid_id`, `name_empty`, `name_not_text`, `name_too_long`."
_FOUNDING = (
    f"{_BODY}{_NAMES} `invalid_idempotency_key`. 403: `user_mismatch`, `tenant_mismatch`,"
    " `not_a_participant` (it was there before, without the caller). 409: `conversation_exists`."
    " 503: `database_unavailable`: nothing was founded, or all of it; ask again with the same key."
)
_BODY_ERRORS = {
    413: OpenApiResponse(description="`payload_too_large`"),
    415: OpenApiResponse(description="`unsupported_media_type`"),
}
_CONFLICT = OpenApiResponse(description="the state or the type does not allow it; see above")
_REUSED = OpenApiResponse(description="`idempotency_key_reused`: the key had another body")


def _founding(name: str, summary: str, told: str, request: Any, example: Any) -> Callable[[F], F]:
    return extend_schema(
        operation_id=f"found_{name}",
        summary=summary,
        description=f"{told}{_FOUNDING}",
        request=request,
        parameters=[_KEY, *STATED],
        responses={200: ConversationSerializer, 409: _CONFLICT, 422: _REUSED, **_BODY_ERRORS},
        examples=[examples.request("A founding", example), *examples.SHOWN],
    )


def _change(
    name: str,
    summary: str,
    told: str,
    request: Any = OwnSerializer,
    *,
    key: bool = False,
    example: Any = examples.NOTHING,
) -> Callable[[F], F]:
    return extend_schema(
        operation_id=name,
        summary=summary,
        description=told,
        request=request,
        parameters=[_CONVERSATION_ID, *([_KEY] if key else []), *STATED],
        responses={
            200: ConversationSerializer,
            409: _CONFLICT,
            **({422: _REUSED} if key else {}),
            **_BODY_ERRORS,
        },
        examples=[*example, *examples.SHOWN],
    )


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


ONE_TO_ONE = _founding(
    "one_to_one",
    "Talk to somebody alone",
    "One per pair: who asks again, or the other one, gets the same. `two_users_required`.",
    OneToOneSerializer,
    {"otherUserId": "parent-1", "otherUserName": "Hoàng Thị Lan"},
)
STUDENT_GROUP = _founding(
    "student_group",
    "Found the group about a student",
    "One per student: founding it again gives the one that is there, as it is. `parent_required`.",
    StudentGroupSerializer,
    {
        "studentId": "student-1",
        "studentName": "Minh Anh",
        "parents": [examples.LAN],
        "teachers": [examples.DUNG],
    },
)
CLASS_GROUP = _founding(
    "class_group",
    "Found a group of a class",
    "`teacher_required`.",
    ClassGroupSerializer,
    {
        "classId": "class-1",
        "className": "10A1",
        "teachers": [examples.DUNG],
        "members": [examples.LAN],
    },
)
TEACHER_GROUP = _founding(
    "teacher_group",
    "Found a group of teachers",
    "The founder is its Admin, the others are Members.",
    TeacherGroupSerializer,
    {"name": "Tổ Toán", "teachers": [examples.DUNG]},
)
ANNOUNCEMENT_CHANNEL = _founding(
    "announcement_channel",
    "Found a channel for announcements",
    "The founder is its Admin, staff are Members, parents only read. A body holds some 9,000"
    " people; further ones are added by POST {id}/participants.",
    AnnouncementChannelSerializer,
    {"name": "Thông báo của nhà trường", "staff": [examples.DUNG], "parents": [examples.LAN]},
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
        {"type": "string", "minLength": 1, "maxLength": MAX_TERM_LENGTH},
        required=True,
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
    description=f"For its participants.{_SEEN}",
    parameters=[_CONVERSATION_ID, *STATED, *CONDITIONAL],
    responses={200: ConversationSerializer, **NOT_MODIFIED},
    examples=examples.SHOWN,
)
RENAME = _change(
    "rename_conversation",
    "Rename it",
    f"{_ADMINS}{_BODY}{_NAMES} 409: `rename_not_allowed` (only TeacherGroup and"
    " AnnouncementChannel are renamed).",
    RenameSerializer,
    example=examples.RENAME,
)
ARCHIVE = _change(
    "archive_conversation",
    "Archive it for all",
    f"Nobody can write any more; reading goes on. Again: no error. {_ADMINS}",
)
UNARCHIVE = _change("unarchive_conversation", "Open it again", f"Again: no error. {_ADMINS}")
MUTE = _change(
    "mute_conversation",
    "Mute it for oneself",
    f"No push until then.{_BODY}{_SEEN}",
    MuteSerializer,
    example=examples.MUTE,
)
HIDE = _change(
    "hide_conversation",
    "Put it into one's own archive",
    f"It stays out of one's lists, but for `includeArchived=true`, until it is taken back.{_SEEN}",
)
UNHIDE = _change("unhide_conversation", "Take it out of one's own archive", _SEEN.strip())

PARTICIPANTS = extend_schema(
    operation_id="get_participants",
    summary="All participants, in the order of their ids",
    description=f"For participants. 400: `invalid_field`.{_SEEN}",
    parameters=[_CONVERSATION_ID, *_PAGING, *STATED, *CONDITIONAL],
    responses={200: ParticipantPageSerializer, **NOT_MODIFIED},
    examples=examples.PARTICIPANTS,
)
ADD_PARTICIPANTS = _change(
    "add_participants",
    "Add people",
    "Who is in it keeps their role; newcomers have read everything so far. A list of more than 500"
    f" is added in parts. {_ADMINS}{_BODY}{_NAMES} `participants_required`,"
    " `invalid_idempotency_key`. 409: `participants_fixed`.",
    ParticipantsSerializer,
    key=True,
    example=examples.ADD_PARTICIPANTS,
)
REMOVE_PARTICIPANT = extend_schema(
    operation_id="remove_participant",
    summary="Remove somebody",
    description=f"{_ADMINS} Also 404: `participant_not_found`. 409: `last_admin`,"
    " `participants_fixed`.",
    parameters=[_CONVERSATION_ID, OpenApiParameter("user_id", str, OpenApiParameter.PATH), *STATED],
    responses={200: ConversationSerializer, 409: _CONFLICT},
    examples=examples.SHOWN,
)
LEAVE = extend_schema(
    operation_id="leave_conversation",
    summary="Leave it",
    description=f"The data is null.{_SEEN} 400: `invalid_idempotency_key`. 409: `last_admin`"
    " (appoint another first), `participants_fixed`.",
    request=OwnSerializer,
    parameters=[_CONVERSATION_ID, _KEY, *STATED],
    responses={
        200: OpenApiResponse(description="Left."),
        409: _CONFLICT,
        422: _REUSED,
        **_BODY_ERRORS,
    },
    examples=examples.NOTHING,
)

"""Founding a conversation, by its type."""

# ruff: noqa: N815  # the fields are named as they are in JSON

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from chat_project.api.schema import OF_THE_USER, STATED
from chat_project.texts import MAX_ID_LENGTH, MAX_NAME_UTF16_UNITS
from conversations import examples
from conversations.schema.shared import (
    BODY,
    BODY_ERRORS,
    CONFLICT,
    KEY_HEADER,
    LARGE_BODY,
    NAMES,
    REUSED,
    UNITS,
    ConversationSerializer,
    F,
    OwnSerializer,
    PersonSerializer,
)


class _FoundingSerializer(OwnSerializer):
    createdBy = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_USER)
    userName = serializers.CharField(
        required=False, allow_null=True, help_text="the founder's, for tokens without a name"
    )


class OneToOneSerializer(_FoundingSerializer):
    otherUserId = serializers.CharField(max_length=MAX_ID_LENGTH)
    otherUserName = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=UNITS)


class StudentGroupSerializer(_FoundingSerializer):
    studentId = serializers.CharField(max_length=MAX_ID_LENGTH)
    studentName = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=UNITS)
    classId = serializers.CharField(required=False, allow_null=True)
    parents = PersonSerializer(many=True, help_text="at least one")
    teachers = PersonSerializer(
        many=True, required=False, help_text="the Admins; without any, the parents are"
    )


class ClassGroupSerializer(_FoundingSerializer):
    classId = serializers.CharField(max_length=MAX_ID_LENGTH)
    className = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=UNITS)
    teachers = PersonSerializer(many=True, help_text="at least one; they are the Admins")
    members = PersonSerializer(many=True, required=False)


class TeacherGroupSerializer(_FoundingSerializer):
    name = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=UNITS)
    teachers = PersonSerializer(many=True, required=False)


class AnnouncementChannelSerializer(_FoundingSerializer):
    name = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=UNITS)
    staff = PersonSerializer(many=True, required=False, help_text="Members")
    parents = PersonSerializer(many=True, required=False, help_text="ReadOnly")


_FOUNDING = (
    f"{LARGE_BODY}{BODY}{NAMES} `invalid_idempotency_key`. 403: `user_mismatch`, `tenant_mismatch`,"
    " `not_a_participant` (it was there before, without the caller). 409: `conversation_exists`."
    " 413: `payload_too_large`, `too_many_participants`."
    " 503: `database_unavailable`: nothing was founded, or all of it; ask again with the same key."
    " Its founder who is not in it sees no `lastMessage`, and of the participants those who have been"
    " in it since the founding."
)


def _founding(name: str, summary: str, told: str, request: Any, example: Any) -> Callable[[F], F]:
    return extend_schema(
        operation_id=f"found_{name}",
        summary=summary,
        description=f"{told}{_FOUNDING}",
        request=request,
        parameters=[KEY_HEADER, *STATED],
        responses={200: ConversationSerializer, 409: CONFLICT, 422: REUSED, **BODY_ERRORS},
        examples=[examples.request("A founding", example), *examples.SHOWN],
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
    "The founder is its Admin, staff are Members, parents only read. A body holds 25,000 people"
    " and more; further ones are added by POST {id}/participants.",
    AnnouncementChannelSerializer,
    {"name": "Thông báo của nhà trường", "staff": [examples.DUNG], "parents": [examples.LAN]},
)

"""Changes of a conversation, of its participants, and of what one sets for oneself."""

# ruff: noqa: N815  # the fields are named as they are in JSON

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from chat_project.api.schema import OF_THE_TENANT, STATED
from chat_project.texts import MAX_NAME_UTF16_UNITS
from conversations import examples
from conversations.schema.shared import (
    BODY,
    BODY_ERRORS,
    CONFLICT,
    CONVERSATION_ID,
    KEY_HEADER,
    LARGE_BODY,
    NAMES,
    REUSED,
    ROLES,
    SEEN,
    UNITS,
    ConversationSerializer,
    F,
    OwnSerializer,
    PersonSerializer,
)


class ParticipantsSerializer(serializers.Serializer[Any]):
    tenantId = serializers.CharField(required=False, allow_null=True, help_text=OF_THE_TENANT)
    participants = PersonSerializer(many=True, required=False)
    userId = serializers.CharField(required=False, help_text="one person instead of a list")
    userName = serializers.CharField(required=False)
    role = serializers.ChoiceField(
        choices=ROLES,
        required=False,
        help_text="of all of them; ReadOnly in a channel, else Member. Admin makes those Admins who are"
        " in it already",
    )


class RenameSerializer(OwnSerializer):
    name = serializers.CharField(max_length=MAX_NAME_UTF16_UNITS, help_text=UNITS)


class MuteSerializer(OwnSerializer):
    mutedUntil = serializers.DateTimeField(
        allow_null=True, help_text="null or a time that is over: not muted"
    )


_ADMINS = f"For its Admins, others get `admin_required`; in a OneToOne for either of the two.{SEEN}"


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
        parameters=[CONVERSATION_ID, *([KEY_HEADER] if key else []), *STATED],
        responses={
            200: ConversationSerializer,
            409: CONFLICT,
            **({422: REUSED} if key else {}),
            **BODY_ERRORS,
        },
        examples=[*example, *examples.SHOWN],
    )


RENAME = _change(
    "rename_conversation",
    "Rename it",
    f"{_ADMINS}{BODY}{NAMES} 409: `rename_not_allowed` (only TeacherGroup and"
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
    f"No push until then.{BODY}{SEEN}",
    MuteSerializer,
    example=examples.MUTE,
)
HIDE = _change(
    "hide_conversation",
    "Put it into one's own archive",
    f"It stays out of one's lists, but for `includeArchived=true`, until it is taken back.{SEEN}",
)
UNHIDE = _change("unhide_conversation", "Take it out of one's own archive", SEEN.strip())

ADD_PARTICIPANTS = _change(
    "add_participants",
    "Add people",
    "Who is in it keeps their role, unless `role` is Admin: that makes them Admins, too, and so appoints"
    " another one before the last leaves. Again: no error. Newcomers have read everything so far. A list of more than 500"
    f" is added in parts.{LARGE_BODY} {_ADMINS}{BODY}{NAMES} `participants_required`,"
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
    parameters=[CONVERSATION_ID, OpenApiParameter("user_id", str, OpenApiParameter.PATH), *STATED],
    responses={200: ConversationSerializer, 409: CONFLICT},
    examples=examples.SHOWN,
)
LEAVE = extend_schema(
    operation_id="leave_conversation",
    summary="Leave it",
    description=f"The data is null.{SEEN} 400: `invalid_idempotency_key`. 409: `last_admin`"
    " (appoint another first: POST {id}/participants with role Admin), `participants_fixed`.",
    request=OwnSerializer,
    parameters=[CONVERSATION_ID, KEY_HEADER, *STATED],
    responses={
        200: OpenApiResponse(description="Left."),
        409: CONFLICT,
        422: REUSED,
        **BODY_ERRORS,
    },
    examples=examples.NOTHING,
)

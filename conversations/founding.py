"""Founding as a user asks for it: in their own school, and they are the founder.

`key` is the header Idempotency-Key: the same request again finds the same conversation. Each gives
the conversation's id and raises ApiError, and pymongo's errors.
"""

from chat_project.api.tokens import TokenUser
from conversations import services
from conversations.requests import (
    AnnouncementChannelRequest,
    ClassGroupRequest,
    FoundingRequest,
    OneToOneRequest,
    StudentGroupRequest,
    TeacherGroupRequest,
    check_founder,
    founder,
    people,
)
from conversations.services import KeyedRequest
from conversations.values import ConversationType, Person


def found_one_to_one(user: TokenUser, body: OneToOneRequest, key: str | None) -> str:
    check_founder(user, body)
    return services.create_one_to_one(
        user.tenant_id,
        founder(user, body),
        Person(body.other_user_id, body.other_user_name),
        request=_request(user, key, ConversationType.ONE_TO_ONE, body),
    ).settings.id


def found_student_group(user: TokenUser, body: StudentGroupRequest, key: str | None) -> str:
    check_founder(user, body)
    return services.create_student_group(
        user.tenant_id,
        body.student_id,
        body.student_name,
        parents=people(user, body.parents),
        teachers=people(user, body.teachers),
        created_by=user.user_id,
        class_id=body.class_id,
        request=_request(user, key, ConversationType.STUDENT_GROUP, body),
    ).settings.id


def found_class_group(user: TokenUser, body: ClassGroupRequest, key: str | None) -> str:
    check_founder(user, body)
    return services.create_class_group(
        user.tenant_id,
        body.class_id,
        body.class_name,
        teachers=people(user, body.teachers),
        members=people(user, body.members),
        created_by=user.user_id,
        request=_request(user, key, ConversationType.CLASS_GROUP, body),
    ).settings.id


def found_teacher_group(user: TokenUser, body: TeacherGroupRequest, key: str | None) -> str:
    check_founder(user, body)
    return services.create_teacher_group(
        user.tenant_id,
        body.name,
        founder=founder(user, body),
        teachers=people(user, body.teachers),
        request=_request(user, key, ConversationType.TEACHER_GROUP, body),
    ).settings.id


def found_announcement_channel(
    user: TokenUser, body: AnnouncementChannelRequest, key: str | None
) -> str:
    check_founder(user, body)
    return services.create_announcement_channel(
        user.tenant_id,
        body.name,
        founder=founder(user, body),
        staff=people(user, body.staff),
        parents=people(user, body.parents),
        request=_request(user, key, ConversationType.ANNOUNCEMENT_CHANNEL, body),
    ).settings.id


def _request(
    user: TokenUser, key: str | None, kind: ConversationType, body: FoundingRequest
) -> KeyedRequest | None:
    return services.keyed_request(user, key, kind, body) if key else None

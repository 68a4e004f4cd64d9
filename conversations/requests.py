"""What clients send: the typed bodies of `/api/v1/conversations`. Types only; rules are elsewhere."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from chat_project.api.errors import Forbidden, InvalidRequest
from chat_project.api.ownership import check_stated
from chat_project.api.query import choice_of
from chat_project.api.tokens import TokenUser
from chat_project.identifiers import canonical_id
from chat_project.timestamps import parse_timestamp
from conversations.values import Person, Role


class _Body(msgspec.Struct, rename="camel", frozen=True, kw_only=True, forbid_unknown_fields=True):
    """camelCase; unknown fields take the tolerant path (`chat_project.api.bodies`)."""


class OwnBody(_Body, frozen=True, kw_only=True):
    """A body that may say again what the token says."""

    user_id: str | None = None
    tenant_id: str | None = None


class PersonRequest(_Body, frozen=True, kw_only=True):
    user_id: str
    user_name: str


class FoundingRequest(OwnBody, frozen=True, kw_only=True):
    """`user_name`: the founder's, for tokens that hold no name."""

    created_by: str | None = None
    user_name: str | None = None


class OneToOneRequest(FoundingRequest, frozen=True, kw_only=True):
    other_user_id: str
    other_user_name: str


class StudentGroupRequest(FoundingRequest, frozen=True, kw_only=True):
    student_id: str
    student_name: str
    class_id: str | None = None
    parents: list[PersonRequest] | None = None
    teachers: list[PersonRequest] | None = None


class ClassGroupRequest(FoundingRequest, frozen=True, kw_only=True):
    class_id: str
    class_name: str
    teachers: list[PersonRequest] | None = None
    members: list[PersonRequest] | None = None


class TeacherGroupRequest(FoundingRequest, frozen=True, kw_only=True):
    name: str
    teachers: list[PersonRequest] | None = None


class AnnouncementChannelRequest(FoundingRequest, frozen=True, kw_only=True):
    name: str
    staff: list[PersonRequest] | None = None
    parents: list[PersonRequest] | None = None


class ParticipantsRequest(_Body, frozen=True, kw_only=True):
    """A list of people, or one person without a list; `role` is that of all. `user_id` is whom to
    add."""

    tenant_id: str | None = None
    participants: list[PersonRequest] | None = None
    user_id: str | None = None
    user_name: str | None = None
    role: str | None = None


class RenameRequest(OwnBody, frozen=True, kw_only=True):
    name: str


class MuteRequest(OwnBody, frozen=True, kw_only=True):
    """None: no longer muted; it must be said, for nothing at all could mean both."""

    muted_until: str | None


def check_own(user: TokenUser, body: OwnBody) -> None:
    """Raises Forbidden for ids in the body that are not the token's."""
    check_stated(user, {"userId": body.user_id, "tenantId": body.tenant_id})


def check_own_list(user: TokenUser, user_id: str) -> None:
    """Raises Forbidden for another user's id in the path."""
    if canonical_id(user_id) != user.user_id:
        raise Forbidden(
            "Everybody sees their own conversations only",
            code="user_mismatch",
            details={"field": "userId"},
        )


def check_founder(user: TokenUser, body: FoundingRequest) -> None:
    check_own(user, body)
    check_stated(user, {"createdBy": body.created_by})


def founder(user: TokenUser, body: FoundingRequest) -> Person:
    """The token's name counts; the body's where it has none. Raises InvalidRequest for neither."""
    name = user.name or body.user_name
    if name is None:
        raise _invalid("userName", "is required: the token holds no name")
    return Person(user.user_id, name)


def people(user: TokenUser, given: Iterable[PersonRequest] | None) -> list[Person]:
    """As they are named, but for the user, whose name is the token's if that holds one."""
    return [
        Person(
            each.user_id,
            user.name
            if user.name and canonical_id(each.user_id) == user.user_id
            else each.user_name,
        )
        for each in given or ()
    ]


def newcomers(body: ParticipantsRequest) -> list[Person]:
    """At least one. Raises InvalidRequest `participants_required`."""
    if body.participants:
        return [Person(each.user_id, each.user_name) for each in body.participants]
    if body.user_id is None:
        raise _invalid("participants", "must name somebody", code="participants_required")
    if body.user_name is None:
        raise _invalid("userName", "is required")
    return [Person(body.user_id, body.user_name)]


def role_of(body: ParticipantsRequest) -> Role | None:
    """None: what newcomers of the conversation's type are. Raises InvalidRequest."""
    return choice_of(body.role, "role", Role) if body.role else None


def muted_until(body: MuteRequest) -> datetime | None:
    """Raises InvalidRequest for what is no time."""
    if body.muted_until is None:
        return None
    try:
        return parse_timestamp(body.muted_until)
    except ValueError:
        raise _invalid(
            "mutedUntil", "must be ISO-8601, such as 2025-11-07T10:00:00.123Z, or null"
        ) from None


def _invalid(field: str, problem: str, *, code: str = "invalid_field") -> InvalidRequest:
    return InvalidRequest(f"{field} {problem}", code=code, details={"field": field})

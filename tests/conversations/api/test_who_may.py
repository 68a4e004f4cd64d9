"""Every endpoint of one conversation: nothing of another school, nothing for others, and what only
Admins may."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import services
from conversations.values import Role
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    SignIn,
    error_of,
    named,
    refusal,
    shown,
    teacher_group,
)

Request = Callable[[Api, str], Any]

READING: dict[str, Request] = {
    "read": lambda user, path: user.get(path),
    "participants": lambda user, path: user.get(f"{path}/participants"),
}
FOR_ONESELF: dict[str, Request] = {
    "leave": lambda user, path: user.post(f"{path}/leave", None),
    "mute": lambda user, path: user.put(f"{path}/mute", {"mutedUntil": None}),
    "hide": lambda user, path: user.put(f"{path}/hide"),
    "unhide": lambda user, path: user.put(f"{path}/unhide"),
}
FOR_ADMINS: dict[str, Request] = {
    "rename": lambda user, path: user.put(path, {"name": "Tổ của tôi"}),
    "archive": lambda user, path: user.put(f"{path}/archive"),
    "unarchive": lambda user, path: user.put(f"{path}/unarchive"),
    "add": lambda user, path: user.post(
        f"{path}/participants", {"userId": "somebody", "userName": "A"}
    ),
    "add oneself": lambda user, path: user.post(f"{path}/participants", named(user)),
    "remove": lambda user, path: user.delete(f"{path}/participants/somebody"),
}
ALL = READING | FOR_ONESELF | FOR_ADMINS


def each_of(requests: dict[str, Request]) -> Any:
    return pytest.mark.parametrize("request_of", requests.values(), ids=requests.keys())


@pytest.fixture
def room(mai: Api, colleague: Api) -> Any:
    return teacher_group(mai, colleague)


def everything_of(conversation: Any) -> list[Any]:
    """The conversation and its participants as they are stored."""
    id_ = conversation["conversationId"]
    return [
        collection("conversations").find_one({"_id": id_}),
        *collection("participants").find({"conversationId": id_}).sort("userId", 1),
    ]


@each_of(ALL)
def test_another_school_sees_what_it_would_see_of_nothing(
    api: SignIn, mai: Api, room: Any, request_of: Request
) -> None:
    before = everything_of(room)
    same_user_elsewhere = api(user_id=mai.user_id, name="Mai")

    foreign = request_of(same_user_elsewhere, CONVERSATIONS + room["conversationId"])
    unknown = request_of(same_user_elsewhere, CONVERSATIONS + new_id())

    assert refusal(foreign) == (404, "conversation_not_found")
    assert (foreign.status_code, error_of(foreign)) == (unknown.status_code, error_of(unknown))
    assert everything_of(room) == before


@each_of(ALL)
def test_who_is_not_in_it_is_refused(parent: Api, room: Any, request_of: Request) -> None:
    before = everything_of(room)

    response = request_of(parent, CONVERSATIONS + room["conversationId"])

    assert refusal(response) == (403, "not_a_participant")
    assert everything_of(room) == before


@each_of(FOR_ADMINS)
@pytest.mark.parametrize("role", [Role.MEMBER, Role.READ_ONLY])
def test_only_admins_change_it_for_all(
    colleague: Api, room: Any, request_of: Request, role: Role
) -> None:
    services.change_role(room["conversationId"], colleague.user_id, role)
    before = everything_of(room)

    response = request_of(colleague, CONVERSATIONS + room["conversationId"])

    assert refusal(response) == (403, "admin_required")
    assert everything_of(room) == before


@each_of(READING | FOR_ONESELF)
def test_every_participant_does_what_concerns_themselves(
    colleague: Api, room: Any, request_of: Request
) -> None:
    services.change_role(room["conversationId"], colleague.user_id, Role.READ_ONLY)

    assert request_of(colleague, CONVERSATIONS + room["conversationId"]).status_code == 200


def test_who_is_no_admin_any_more_is_refused_at_once(mai: Api, colleague: Api, room: Any) -> None:
    services.change_role(room["conversationId"], colleague.user_id, Role.ADMIN)
    services.change_role(room["conversationId"], mai.user_id, Role.MEMBER)

    response = mai.put(CONVERSATIONS + room["conversationId"], {"name": "Tổ của tôi"})

    assert refusal(response) == (403, "admin_required")
    assert shown(colleague, room["conversationId"])["name"] == room["name"]


@pytest.mark.parametrize("name", ["userId", "REQUESTEDBY", "tenantId"])
@pytest.mark.parametrize("path", ["", "/participants"], ids=["conversation", "participants"])
def test_ids_in_the_query_must_be_the_tokens(mai: Api, room: Any, path: str, name: str) -> None:
    address = f"{CONVERSATIONS}{room['conversationId']}{path}"
    own = mai.tenant_id if name == "tenantId" else mai.user_id

    assert mai.get(address, **{name: own.upper()}).status_code == 200
    assert mai.get(address, **{name: new_id()}).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "a"),
        ("get", "search?searchTerm=a"),
        ("get", "user/a"),
        ("get", "student/a"),
        ("get", "class/a"),
        ("get", "a/participants"),
        ("post", "one-to-one"),
        ("post", "student-group"),
        ("post", "class-group"),
        ("post", "teacher-group"),
        ("post", "announcement-channel"),
        ("post", "a/participants"),
        ("post", "a/leave"),
        ("put", "a"),
        ("put", "a/archive"),
        ("put", "a/unarchive"),
        ("put", "a/mute"),
        ("put", "a/hide"),
        ("put", "a/unhide"),
        ("delete", "a/participants/b"),
    ],
)
def test_nothing_is_answered_without_a_token(database: None, method: str, path: str) -> None:
    response = getattr(Client(), method)(CONVERSATIONS + path)

    assert response.status_code == 401

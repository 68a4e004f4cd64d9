"""Adding, removing, leaving, and the list of all participants."""

from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import services
from conversations.values import Person, Role
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    SignIn,
    data_of,
    error_of,
    founded,
    named,
    refusal,
    roles,
    say,
    shown,
    talk,
    teacher_group,
)


@pytest.fixture
def room(mai: Api, colleague: Api) -> Any:
    return teacher_group(mai, colleague)


def participants(conversation: Any, user_id: str = "") -> str:
    path = f"{CONVERSATIONS}{conversation['conversationId']}/participants"
    return f"{path}/{user_id}" if user_id else path


def leave(user: Api, conversation: Any) -> Any:
    return user.post(f"{CONVERSATIONS}{conversation['conversationId']}/leave", None)


def test_an_admin_adds_people(mai: Api, parent: Api, room: Any) -> None:
    people = [named(parent), {"userId": "Ông-1", "userName": " Ông Nội "}]

    added = data_of(mai.post(participants(room), {"participants": people}))

    assert added["participantCount"] == 4
    assert roles(added)[parent.user_id] == "Member"
    assert {"Ông Nội"} <= {each["userName"] for each in added["participants"]}
    text = {"conversationId": room["conversationId"], "content": "Chào"}
    assert parent.post("/api/v1/messages/text", text).status_code == 200


def test_one_person_needs_no_list(mai: Api, parent: Api, room: Any) -> None:
    added = data_of(mai.post(participants(room), {**named(parent), "role": "readonly"}))

    assert roles(added)[parent.user_id] == "ReadOnly"


@pytest.mark.parametrize("end", ["", "/"])
def test_an_id_of_another_system_may_hold_slashes(mai: Api, room: Any, end: str) -> None:
    mai.post(participants(room), {"userId": "org/7", "userName": "Bà Nội"})

    removed = data_of(mai.delete(participants(room, "org%2F7") + end))

    assert "org/7" not in roles(removed)


def test_a_school_in_the_body_must_be_the_tokens(mai: Api, parent: Api, room: Any) -> None:
    refused = mai.post(participants(room), {**named(parent), "tenantId": new_id()})

    assert refusal(refused) == (403, "tenant_mismatch")
    assert (
        mai.post(participants(room), {**named(parent), "tenantId": mai.tenant_id}).status_code
        == 200
    )


def test_newcomers_of_a_channel_only_read_unless_it_is_said(
    mai: Api, parent: Api, colleague: Api
) -> None:
    channel = founded(mai, "announcement-channel", {"name": "Thông báo"})

    mai.post(participants(channel), named(parent))
    added = data_of(mai.post(participants(channel), {**named(colleague), "role": "Member"}))

    assert roles(added)[parent.user_id] == "ReadOnly"
    assert roles(added)[colleague.user_id] == "Member"


def test_newcomers_have_read_what_was_there(mai: Api, parent: Api, room: Any) -> None:
    say(room["conversationId"], 1, sender=mai)
    mai.post(participants(room), named(parent))
    assert shown(parent, room["conversationId"])["unreadCount"] == 0

    say(room["conversationId"], 2, sender=mai)

    assert shown(parent, room["conversationId"])["unreadCount"] == 1


def test_who_is_in_it_keeps_their_role(mai: Api, colleague: Api, room: Any) -> None:
    again = data_of(mai.post(participants(room), {**named(mai), "role": "ReadOnly"}))

    assert roles(again) == {mai.user_id: "Admin", colleague.user_id: "Member"}


@pytest.mark.parametrize("role", ["Member", "ReadOnly", None])
def test_nobody_who_is_in_it_is_given_another_role_than_admin(
    mai: Api, colleague: Api, parent: Api, role: str | None
) -> None:
    channel = founded(mai, "announcement-channel", {"name": "Tin", "staff": [named(colleague)]})
    mai.post(participants(channel), named(parent))

    people = {"participants": [named(mai), named(colleague), named(parent)]}
    again = data_of(mai.post(participants(channel), people | ({"role": role} if role else {})))

    assert roles(again) == {
        mai.user_id: "Admin",
        colleague.user_id: "Member",
        parent.user_id: "ReadOnly",
    }


def test_the_last_admin_appoints_another_and_leaves(mai: Api, colleague: Api, room: Any) -> None:
    assert refusal(leave(mai, room)) == (409, "last_admin")

    for _ in range(2):
        appointed = data_of(mai.post(participants(room), {**named(colleague), "role": "Admin"}))
        assert roles(appointed) == {mai.user_id: "Admin", colleague.user_id: "Admin"}

    assert leave(mai, room).status_code == 200
    path = CONVERSATIONS + room["conversationId"]
    assert data_of(colleague.put(path, {"name": "Tổ Tin"}))["role"] == "Admin"


def test_an_appointment_counts_for_the_next_text(mai: Api, parent: Api) -> None:
    channel = founded(mai, "announcement-channel", {"name": "Tin", "parents": [named(parent)]})
    text = {"conversationId": channel["conversationId"], "content": "Chào"}
    assert refusal(parent.post("/api/v1/messages/text", text)) == (403, "read_only")

    people = [named(parent), {"userId": "newcomer", "userName": "Lan"}]
    body = {"participants": people, "role": "Admin"}
    appointed = data_of(mai.post(participants(channel), body, idempotency_key="k"))

    assert set(roles(appointed).values()) == {"Admin"}
    assert parent.post("/api/v1/messages/text", text).status_code == 200
    assert data_of(mai.post(participants(channel), body, idempotency_key="k")) == appointed
    person = collection("participants").find_one(
        {"conversationId": channel["conversationId"], "userId": parent.user_id}
    )
    assert person
    assert person["userName"] == named(parent)["userName"]


def test_only_an_admin_appoints_and_nobody_in_a_pair(
    mai: Api, colleague: Api, parent: Api, room: Any
) -> None:
    mine = {**named(colleague), "role": "Admin"}

    assert refusal(colleague.post(participants(room), mine)) == (403, "admin_required")
    assert refusal(mai.post(participants(talk(mai, colleague)), mine)) == (
        409,
        "participants_fixed",
    )
    assert refusal(parent.post(participants(room), mine)) == (403, "not_a_participant")


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "participants", "participants_required"),
        ({"participants": []}, "participants", "participants_required"),
        ({"userId": "a"}, "userName", "invalid_field"),
        ({"userId": "", "userName": "A"}, "participants[0].userId", "invalid_id"),
        ({"userId": "a", "userName": "A", "role": "Owner"}, "role", "invalid_field"),
        (
            {"participants": [{"userId": "a", "userName": "A"}, {"userId": "b", "userName": " "}]},
            "participants[1].userName",
            "name_empty",
        ),
    ],
    ids=["nobody", "empty list", "no name", "no id", "unknown role", "blank name"],
)
def test_a_wrong_body_adds_nobody(mai: Api, room: Any, body: Any, field: str, code: str) -> None:
    response = mai.post(participants(room), body)

    assert refusal(response) == (400, code)
    assert error_of(response)["details"]["field"] == field
    assert shown(mai, room["conversationId"]) == room


def test_who_is_not_in_it_cannot_be_removed(mai: Api, room: Any) -> None:
    assert refusal(mai.delete(participants(room, new_id()))) == (404, "participant_not_found")


def test_a_group_keeps_its_last_admin(mai: Api, colleague: Api, room: Any) -> None:
    assert refusal(leave(mai, room)) == (409, "last_admin")
    assert refusal(mai.delete(participants(room, mai.user_id))) == (409, "last_admin")

    services.change_role(room["conversationId"], colleague.user_id, Role.ADMIN)

    assert data_of(leave(mai, room)) is None
    assert roles(shown(colleague, room["conversationId"])) == {colleague.user_id: "Admin"}


def test_an_admin_who_removes_themselves_is_told_so(mai: Api, colleague: Api, room: Any) -> None:
    services.change_role(room["conversationId"], colleague.user_id, Role.ADMIN)

    removed = data_of(mai.delete(participants(room, mai.user_id)))

    assert (removed["role"], roles(removed)) == (None, {colleague.user_id: "Admin"})


def test_anybody_else_leaves_when_they_like(mai: Api, colleague: Api, room: Any) -> None:
    assert data_of(leave(colleague, room)) is None

    assert refusal(leave(colleague, room)) == (403, "not_a_participant")
    assert shown(mai, room["conversationId"])["participantCount"] == 1


def test_who_comes_back_starts_anew(mai: Api, colleague: Api, room: Any) -> None:
    say(room["conversationId"], 1, sender=mai)
    leave(colleague, room)
    mai.post(participants(room), named(colleague))

    assert shown(colleague, room["conversationId"])["unreadCount"] == 0


def test_the_two_of_a_one_to_one_stay_the_two(mai: Api, parent: Api, colleague: Api) -> None:
    pair = talk(mai, parent)

    tried = [
        mai.post(participants(pair), named(colleague)),
        mai.delete(participants(pair, parent.user_id)),
        leave(mai, pair),
    ]

    assert [refusal(each) for each in tried] == [(409, "participants_fixed")] * 3
    assert shown(mai, pair["conversationId"]) == pair


def test_all_participants_are_listed_page_by_page(mai: Api, colleague: Api, room: Any) -> None:
    people = [Person(f"parent-{n:03}", f"Phụ huynh {n}") for n in range(150)]
    services.add_participants(room["conversationId"], people, Role.READ_ONLY)
    everybody = sorted([mai.user_id, colleague.user_id, *(each.user_id for each in people)])

    pages = [
        data_of(colleague.get(participants(room), pageNumber=number, pageSize=100))
        for number in (1, 2, 3)
    ]

    assert [each["userId"] for page in pages for each in page["items"]] == everybody
    assert pages[1] | {"items": []} == {
        "items": [],
        "totalCount": 152,
        "page": 2,
        "pageSize": 100,
        "totalPages": 2,
        "hasPreviousPage": True,
        "hasNextPage": False,
    }
    conversation = shown(mai, room["conversationId"])
    assert [each["userId"] for each in conversation["participants"]] == everybody[:100]
    assert conversation["participantCount"] == 152


def test_a_long_list_is_added_whole(api: SignIn, mai: Api, room: Any) -> None:
    people = [{"userId": new_id(), "userName": f"Phụ huynh {n}"} for n in range(1_200)]

    added = data_of(mai.post(participants(room), {"participants": people}))

    assert added["participantCount"] == 1_000, "which means: or more"
    stored = collection("participants").count_documents({"conversationId": room["conversationId"]})
    assert stored == 1_202

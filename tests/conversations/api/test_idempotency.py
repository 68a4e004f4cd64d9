"""The same request again: one conversation, one answer; another one under the key is refused."""

from typing import Any

import pytest

from chat_project.identifiers import derived_id, new_id
from chat_project.mongodb import collection
from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    SignIn,
    data_of,
    error_of,
    founded,
    ids,
    listed,
    named,
    refusal,
    shown,
    talk,
    teacher_group,
)

TEACHERS = CONVERSATIONS + "teacher-group"


def test_a_retried_founding_gives_the_same_conversation(mai: Api, colleague: Api) -> None:
    body = {"name": "Tổ Toán", "teachers": [named(colleague)]}

    first = founded(mai, "teacher-group", body, idempotency_key="k")
    again = founded(mai, "teacher-group", body, idempotency_key="k")
    without = founded(mai, "teacher-group", body)

    assert again == first
    assert without["conversationId"] != first["conversationId"]
    assert len(listed(mai)) == 2


@pytest.mark.parametrize("key", ["k", "0199aaaa-1111-7222-8333-444455556666"])
def test_the_id_is_derived_from_school_user_and_key(mai: Api, key: str) -> None:
    conversation = founded(mai, "teacher-group", {"name": "Tổ"}, idempotency_key=key)

    owner = ["conversations", mai.tenant_id, mai.user_id]
    assert conversation["conversationId"] == derived_id(owner, key)


def test_a_key_is_its_users_own(api: SignIn, mai: Api, colleague: Api) -> None:
    elsewhere = api(user_id=mai.user_id, name="Mai")
    answers = [
        founded(user, "teacher-group", {"name": "Tổ"}, idempotency_key="k")
        for user in (mai, colleague, elsewhere)
    ]

    assert len(set(ids(answers))) == 3


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("teacher-group", {"name": "Tổ Lý"}),
        ("teacher-group", {"name": "Tổ Toán", "teachers": [{"userId": "t", "userName": "T"}]}),
        ("announcement-channel", {"name": "Tổ Toán"}),
    ],
    ids=["another name", "other people", "another type"],
)
def test_another_founding_under_the_same_key_is_refused(mai: Api, kind: str, body: Any) -> None:
    first = founded(mai, "teacher-group", {"name": "Tổ Toán"}, idempotency_key="k")

    response = mai.post(CONVERSATIONS + kind, body, idempotency_key="k")

    assert refusal(response) == (422, "idempotency_key_reused")
    assert ids(listed(mai)) == [first["conversationId"]]


def test_a_key_that_found_what_was_there_is_used_up_too(
    mai: Api, parent: Api, colleague: Api
) -> None:
    first = talk(mai, parent)
    assert talk(mai, parent, idempotency_key="k")["conversationId"] == first["conversationId"]

    other = {"otherUserId": colleague.user_id, "otherUserName": "Dũng"}
    response = mai.post(CONVERSATIONS + "one-to-one", other, idempotency_key="k")

    assert refusal(response) == (422, "idempotency_key_reused")
    assert talk(mai, parent, idempotency_key="k")["conversationId"] == first["conversationId"]


def test_a_refused_founding_does_not_use_its_key_up(mai: Api) -> None:
    assert mai.post(TEACHERS, {"name": " "}, idempotency_key="k").status_code == 400

    assert founded(mai, "teacher-group", {"name": "Tổ"}, idempotency_key="k")["name"] == "Tổ"


def test_a_retry_finds_the_conversation_as_it_is_by_then(mai: Api, colleague: Api) -> None:
    body = {"name": "Tổ Toán"}
    first = founded(mai, "teacher-group", body, idempotency_key="k")
    renamed = mai.put(CONVERSATIONS + first["conversationId"], {"name": "Tổ Lý"})

    assert founded(mai, "teacher-group", body, idempotency_key="k") == data_of(renamed)


def test_an_old_key_that_is_forgotten_still_founds_nothing_twice(mai: Api) -> None:
    body = {"name": "Tổ Toán"}
    first = founded(mai, "teacher-group", body, idempotency_key="k")
    collection("request_keys").delete_one({"_id": first["conversationId"]})

    assert founded(mai, "teacher-group", body, idempotency_key="k") == first
    assert len(listed(mai)) == 1


def test_keys_are_kept_for_a_week(database: None) -> None:
    expiry = collection("request_keys").index_information()["expiry"]

    assert (expiry["key"], expiry["expireAfterSeconds"]) == ([("at", 1)], 604_800)


@pytest.mark.parametrize("key", ["", "a" * 256, "kh\xf3a"])
def test_a_key_of_another_form_is_refused(mai: Api, key: str) -> None:
    response = mai.post(TEACHERS, {"name": "Tổ"}, idempotency_key=key)

    assert refusal(response) == (400, "invalid_idempotency_key")
    assert error_of(response)["details"]["field"] == "Idempotency-Key"


def test_adding_somebody_again_under_one_key_is_done_once(
    mai: Api, colleague: Api, parent: Api
) -> None:
    conversation_id = teacher_group(mai, colleague)["conversationId"]
    path = f"{CONVERSATIONS}{conversation_id}/participants"
    assert mai.post(path, named(parent), idempotency_key="k").status_code == 200
    assert mai.delete(f"{path}/{parent.user_id}").status_code == 200

    again = mai.post(path, named(parent), idempotency_key="k")
    other = mai.post(path, {**named(parent), "role": "Admin"}, idempotency_key="k")

    assert data_of(again)["participantCount"] == 2, "who was removed since is not added again"
    assert refusal(other) == (422, "idempotency_key_reused")


def test_one_key_for_two_conversations_is_refused(mai: Api, parent: Api) -> None:
    first, second = (teacher_group(mai)["conversationId"] for _ in range(2))

    def add(conversation_id: str) -> Any:
        path = f"{CONVERSATIONS}{conversation_id}/participants"
        return mai.post(path, named(parent), idempotency_key="k")

    assert add(first).status_code == 200
    assert refusal(add(second)) == (422, "idempotency_key_reused")
    assert shown(mai, second)["participantCount"] == 1


def test_who_left_has_left_for_a_retry_too(mai: Api, colleague: Api) -> None:
    path = f"{CONVERSATIONS}{teacher_group(mai, colleague)['conversationId']}/leave"
    assert data_of(colleague.post(path, None, idempotency_key="k")) is None

    assert data_of(colleague.post(path, None, idempotency_key="k")) is None
    assert refusal(colleague.post(path, None)) == (403, "not_a_participant")
    assert refusal(colleague.post(path, None, idempotency_key=new_id()))[0] == 403

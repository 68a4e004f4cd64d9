"""Who is refused, with which answer, and in which order (400, 403 sender, 404, 403, 409, 422)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chat_project.identifiers import new_id
from conversations import services
from conversations.values import ConversationSettings, Person, Role
from tests.conftest import Api
from tests.messaging.conftest import (
    BATCH,
    TEXT,
    SignIn,
    data_of,
    error_of,
    records_in,
    status_of,
    text_for,
)


@pytest.fixture
def reader(api: SignIn, mai: Api, group: ConversationSettings) -> Api:
    """A ReadOnly participant of the group."""
    parent = api(tenant_id=mai.tenant_id, name="Bố của An")
    services.add_participants(group.id, [parent.person], Role.READ_ONLY)
    return parent


def refusal(user: Api, body: Any) -> tuple[int, str]:
    response = user.post(TEXT, body)
    assert response.json()["success"] is False
    return response.status_code, error_of(response)["code"]


def test_an_unknown_conversation_is_404(mai: Api) -> None:
    body = {"conversationId": new_id(), "content": "a"}

    assert refusal(mai, body) == (404, "conversation_not_found")


def test_another_tenants_conversation_looks_unknown(
    api: SignIn, mai: Api, group: ConversationSettings
) -> None:
    same_user_elsewhere = api(user_id=mai.user_id)
    unknown = same_user_elsewhere.post(TEXT, {"conversationId": new_id(), "content": "a"})
    foreign = same_user_elsewhere.post(TEXT, text_for(group))

    assert (foreign.status_code, error_of(foreign)) == (404, error_of(unknown))


def test_an_outsider_of_the_tenant_is_403(
    api: SignIn, mai: Api, group: ConversationSettings
) -> None:
    assert refusal(api(tenant_id=mai.tenant_id), text_for(group)) == (403, "not_a_participant")


def test_a_reader_is_403(reader: Api, group: ConversationSettings) -> None:
    assert refusal(reader, text_for(group)) == (403, "read_only")


def test_an_archived_conversation_is_409(mai: Api, group: ConversationSettings) -> None:
    services.archive(group.id)

    assert refusal(mai, text_for(group)) == (409, "conversation_archived")


def test_a_removed_participant_is_refused_at_once(
    mai: Api, colleague: Api, group: ConversationSettings
) -> None:
    data_of(colleague.post(TEXT, text_for(group)))

    services.remove_participant(group.id, colleague.user_id)

    assert refusal(colleague, text_for(group)) == (403, "not_a_participant")


@pytest.mark.parametrize("sender_id", ["somebody-else", ""])
def test_a_sender_that_is_not_the_tokens_user_is_403(
    mai: Api, group: ConversationSettings, sender_id: str
) -> None:
    assert refusal(mai, text_for(group, senderId=sender_id)) == (403, "sender_mismatch")


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "authentication_required"),
        ("Bearer nonsense", "invalid_token"),
        ("Basic bWFpOm1haQ==", "invalid_token"),
    ],
)
def test_without_a_good_token_it_is_401(
    mai: Api, group: ConversationSettings, authorization: str | None, code: str
) -> None:
    mai.client.headers = {}
    mai.client.defaults.pop("HTTP_AUTHORIZATION")
    headers = {"authorization": authorization} if authorization else {}

    response = mai.post(TEXT, text_for(group), **headers)

    assert (response.status_code, error_of(response)["code"]) == (401, code)
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("field", ["userId", "editorUserId"])
def test_a_user_in_the_body_must_be_the_tokens(
    mai: Api, group: ConversationSettings, field: str
) -> None:
    data_of(mai.post(TEXT, text_for(group, **{field: mai.user_id})))

    assert refusal(mai, text_for(group, **{field: "x"})) == (403, "user_mismatch")


@pytest.mark.parametrize(
    ("parameter", "code"),
    [
        ("userId", "user_mismatch"),
        ("RequestedBy", "user_mismatch"),
        ("tenantid", "tenant_mismatch"),
    ],
)
def test_ids_in_the_query_must_be_the_tokens_on_every_endpoint(
    mai: Api, parameter: str, code: str
) -> None:
    answer = mai.get(f"/api/v1/messages/{new_id()}", **{parameter: "x"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, code)


def test_a_bad_request_is_answered_before_a_wrong_sender(
    mai: Api, group: ConversationSettings
) -> None:
    assert refusal(mai, text_for(group, "", senderId="x")) == (400, "content_empty")


def test_a_wrong_sender_is_answered_before_an_unknown_conversation(mai: Api) -> None:
    body = {"conversationId": new_id(), "content": "a", "senderId": "x"}

    assert refusal(mai, body) == (403, "sender_mismatch")


def test_a_reader_is_refused_before_the_archive_is_told(
    reader: Api, group: ConversationSettings
) -> None:
    services.archive(group.id)

    assert refusal(reader, text_for(group)) == (403, "read_only")


def test_the_archive_is_told_before_a_reused_key(mai: Api, group: ConversationSettings) -> None:
    data_of(mai.post(TEXT, text_for(group, "one"), idempotency_key="k"))
    services.archive(group.id)

    response = mai.post(TEXT, text_for(group, "two"), idempotency_key="k")

    assert response.status_code == 409


Refuse = Callable[[Api, ConversationSettings], None]


def remove(user: Api, group: ConversationSettings) -> None:
    services.remove_participant(group.id, user.user_id)


def archive(user: Api, group: ConversationSettings) -> None:
    services.archive(group.id)


@pytest.mark.parametrize("refuse", [remove, archive])
def test_a_refused_text_leaves_nothing_behind(
    mai: Api, colleague: Api, group: ConversationSettings, refuse: Refuse
) -> None:
    key = new_id()
    refuse(colleague, group)
    response = colleague.post(BATCH, [text_for(group, clientMessageId=key)])
    assert data_of(response)[0]["success"] is False
    services.unarchive(group.id)
    services.add_participants(group.id, [Person(colleague.user_id, "Lê Văn Dũng")], Role.MEMBER)

    other = colleague.post(TEXT, text_for(group, "another text", clientMessageId=key))

    assert other.status_code == 200, "the refused text's acceptance record is still there"
    sent = [json.loads(record.value() or b"") for record in records_in(group.id)]
    assert [event["content"] for event in sent if event.get("type") != "System"] == ["another text"]
    assert status_of(colleague, data_of(other)["messageId"]) == "Sending"

"""Both clients against the running product: each refusal is an error of its kind."""

from typing import Any

import pytest

from chat_project.identifiers import new_id
from conversations import services
from conversations.values import ConversationSettings, Role
from emis_chat_client import NO_RETRY, errors
from tests.clients.conftest import Connect
from tests.conftest import Api

REFUSALS: dict[str, tuple[Any, type[errors.ApiError], str]] = {
    "no such conversation": (
        lambda client, group: client.get_conversation(new_id()),
        errors.ConversationNotFound,
        "conversation_not_found",
    ),
    "no such message": (
        lambda client, group: client.get_message(new_id()),
        errors.MessageNotFound,
        "message_not_found",
    ),
    "an empty text": (
        lambda client, group: client.send_text(conversation_id=group.id, content=""),
        errors.InvalidRequest,
        "content_empty",
    ),
    "a type that is never renamed": (
        lambda client, group: client.rename_conversation(
            client.found_one_to_one(
                other_user_id="somebody", other_user_name="Somebody"
            ).conversation_id,
            name="a",
        ),
        errors.Conflict,
        "rename_not_allowed",
    ),
    "the last Admin": (
        lambda client, group: client.leave_conversation(group.id),
        errors.LastAdmin,
        "last_admin",
    ),
}


@pytest.mark.parametrize(("call", "kind", "code"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_is_an_error_of_its_kind(
    connect: Connect,
    mai: Api,
    group: ConversationSettings,
    call: Any,
    kind: type[errors.ApiError],
    code: str,
) -> None:
    with pytest.raises(kind) as caught:
        call(connect(mai), group)

    assert caught.value.code == code
    assert caught.value.request_id


def test_who_only_reads_is_told_so(
    connect: Connect, colleague: Api, group: ConversationSettings
) -> None:
    services.change_role(group.id, colleague.user_id, Role.READ_ONLY)

    with pytest.raises(errors.ReadOnly) as caught:
        connect(colleague).send_text(conversation_id=group.id, content="Chào")

    assert isinstance(caught.value, errors.Forbidden)


def test_another_text_under_a_used_key_is_refused(
    connect: Connect, mai: Api, group: ConversationSettings
) -> None:
    client, key = connect(mai), new_id()
    client.send_text(conversation_id=group.id, content="Một", idempotency_key=key)

    with pytest.raises(errors.IdempotencyKeyReused):
        client.send_text(conversation_id=group.id, content="Hai", idempotency_key=key)


def test_a_token_may_come_from_a_function_that_is_asked_each_time(
    connect: Connect, mai: Api, group: ConversationSettings
) -> None:
    tokens = iter(["not.a.token", mai.token])
    renewing = connect(_WithToken(lambda: next(tokens)))

    with pytest.raises(errors.NotAuthenticated):
        renewing.get_conversation(group.id)
    assert renewing.get_conversation(group.id).conversation_id == group.id


class _WithToken:
    def __init__(self, token: Any) -> None:
        self.token = token


def test_an_answer_that_comes_too_late_is_a_failed_connection(
    connect: Connect, mai: Api, group: ConversationSettings
) -> None:
    client = connect(mai, timeout_seconds=0.000_1, retry=NO_RETRY)

    with pytest.raises(errors.ConnectionFailed):
        client.get_conversation(group.id)

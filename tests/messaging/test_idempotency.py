"""A retry under the same key is the same message; another payload is refused."""

from typing import Any

import msgspec
import pytest

from chat_project.identifiers import new_id
from conversations.values import ConversationSettings
from messaging.identifiers import derived_message_id
from tests.conftest import Api
from tests.messaging.conftest import (
    TEXT,
    data_of,
    error_of,
    records_in,
    store_message,
    text_for,
)


def test_a_retry_has_the_same_id_and_time_and_is_published_again(
    mai: Api, group: ConversationSettings
) -> None:
    first = data_of(mai.post(TEXT, text_for(group), idempotency_key="k"))
    second = data_of(mai.post(TEXT, text_for(group), idempotency_key="k"))

    assert second == first
    assert first["messageId"] == derived_message_id(mai.tenant_id, mai.user_id, "k")
    events = [msgspec.json.decode(record.value() or b"") for record in records_in(group.id)]
    assert [event["messageId"] for event in events] == [first["messageId"]] * 2
    assert events[0]["sentAt"] == events[1]["sentAt"]


def test_the_key_may_come_in_header_or_body(mai: Api, group: ConversationSettings) -> None:
    by_header = data_of(mai.post(TEXT, text_for(group), idempotency_key="k"))
    by_body = data_of(mai.post(TEXT, text_for(group, clientMessageId="k")))

    assert by_header["messageId"] == by_body["messageId"]


def test_a_key_is_meant_per_sender(mai: Api, colleague: Api, group: ConversationSettings) -> None:
    mine = data_of(mai.post(TEXT, text_for(group, "mine"), idempotency_key="k"))
    theirs = data_of(colleague.post(TEXT, text_for(group, "theirs"), idempotency_key="k"))

    assert mine["messageId"] != theirs["messageId"]


def test_without_a_key_every_text_is_a_new_message(mai: Api, group: ConversationSettings) -> None:
    first = data_of(mai.post(TEXT, text_for(group)))
    second = data_of(mai.post(TEXT, text_for(group)))

    assert first["messageId"] < second["messageId"]  # UUIDv7: ordered by time


MENTION = {"userId": "u-1", "startIndex": 0, "length": 1}


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"content": "Another text"}, id="content"),
        pytest.param({"replyToMessageId": new_id()}, id="reply"),
        pytest.param({"mentions": [MENTION]}, id="mentions"),
    ],
)
def test_another_payload_under_the_key_is_422(
    mai: Api, group: ConversationSettings, changed: Any
) -> None:
    first = data_of(mai.post(TEXT, text_for(group), idempotency_key="k"))

    response = mai.post(TEXT, {**text_for(group), **changed}, idempotency_key="k")

    assert (response.status_code, error_of(response)["code"]) == (422, "idempotency_key_reused")
    assert error_of(response)["details"] == {"messageId": first["messageId"]}
    assert len(records_in(group.id)) == 1


def test_another_conversation_under_the_key_is_422(
    mai: Api, group: ConversationSettings, new_conversation: Any
) -> None:
    elsewhere = new_conversation(mai)
    data_of(mai.post(TEXT, text_for(group), idempotency_key="k"))

    response = mai.post(TEXT, text_for(elsewhere), idempotency_key="k")

    assert response.status_code == 422


def test_a_refused_reuse_leaves_the_first_message_as_it_was(
    mai: Api, group: ConversationSettings
) -> None:
    first = data_of(mai.post(TEXT, text_for(group), idempotency_key="k"))
    mai.post(TEXT, text_for(group, "another"), idempotency_key="k")

    assert data_of(mai.post(TEXT, text_for(group), idempotency_key="k")) == first


def test_a_name_or_the_spelling_of_an_id_is_no_other_payload(
    mai: Api, group: ConversationSettings
) -> None:
    first = mai.post(TEXT, text_for(group), idempotency_key="k")
    body = {**text_for(group, senderName="M."), "conversationId": group.id.upper()}

    assert data_of(mai.post(TEXT, body, idempotency_key="k")) == data_of(first)


def test_a_retry_of_a_stored_message_is_accepted(mai: Api, group: ConversationSettings) -> None:
    first = data_of(mai.post(TEXT, text_for(group), idempotency_key="k"))
    store_message(group, 1, _id=first["messageId"])

    assert data_of(mai.post(TEXT, text_for(group), idempotency_key="k")) == first

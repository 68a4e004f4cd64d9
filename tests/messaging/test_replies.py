"""A reply quotes a stored message of the same conversation, and of no other."""

from typing import Any

import msgspec
import pytest
from pymongo.errors import AutoReconnect

from chat_project.identifiers import new_id
from conversations.values import ConversationSettings
from messaging import admission
from messaging.identifiers import derived_message_id
from tests.conftest import Api
from tests.messaging.attached import PDF, upload
from tests.messaging.conftest import (
    TEXT,
    SignIn,
    data_of,
    error_of,
    records_in,
    status_of,
    store_message,
    text_for,
)
from tests.messaging.storing import store_sent


def logged_quote(group: ConversationSettings) -> dict[str, Any]:
    (record,) = records_in(group.id)
    event = msgspec.json.decode(record.value() or b"")
    return {name: value for name, value in event.items() if name.startswith("replyTo")}


def test_the_stored_message_is_quoted(mai: Api, group: ConversationSettings) -> None:
    original = store_message(group, 1, content="Mai ơi", senderName="Dũng")

    message = data_of(mai.post(TEXT, text_for(group, replyToMessageId=original.upper())))

    quote = {"messageId": original, "content": "Mai ơi", "senderName": "Dũng"}
    assert message["replyTo"] == quote
    assert logged_quote(group) == {
        "replyToMessageId": original,
        "replyToContent": "Mai ơi",
        "replyToSenderName": "Dũng",
    }


def test_a_deleted_message_is_quoted_without_its_content(
    mai: Api, group: ConversationSettings
) -> None:
    original = store_message(group, 1, content="gone", senderName="Dũng", isDeleted=True)

    data_of(mai.post(TEXT, text_for(group, replyToMessageId=original)))

    assert logged_quote(group) == {"replyToMessageId": original, "replyToSenderName": "Dũng"}


@pytest.mark.usefixtures("files")
def test_a_file_without_a_caption_is_quoted_as_it_will_be_stored(
    mai: Api, group: ConversationSettings
) -> None:
    original = data_of(upload(mai, group, PDF))
    store_sent(group.id)

    answered = data_of(mai.post(TEXT, text_for(group, replyToMessageId=original["messageId"])))
    store_sent(group.id)

    stored = data_of(mai.get(f"/api/v1/messages/{answered['messageId']}"))
    assert stored["status"] == "Sent"
    assert answered["replyTo"] == stored["replyTo"]
    assert stored["replyTo"]["content"] is None


def test_a_message_that_is_not_stored_yet_is_accepted_without_quote(
    mai: Api, group: ConversationSettings
) -> None:
    unstored = new_id()

    message = data_of(mai.post(TEXT, text_for(group, replyToMessageId=unstored)))

    assert message["replyTo"] == {"messageId": unstored, "content": None, "senderName": None}
    assert logged_quote(group) == {"replyToMessageId": unstored}


@pytest.mark.parametrize("member", [True, False], ids=["mine", "not mine"])
def test_a_message_of_another_conversation_is_refused(
    api: SignIn, mai: Api, group: ConversationSettings, new_conversation: Any, member: bool
) -> None:
    elsewhere = new_conversation(mai if member else api(tenant_id=mai.tenant_id))
    original = store_message(elsewhere, 1)

    response = mai.post(TEXT, text_for(group, replyToMessageId=original), idempotency_key="k")

    assert (response.status_code, error_of(response)["code"]) == (
        400,
        "reply_to_other_conversation",
    )
    assert not records_in(group.id)
    assert mai.post(TEXT, text_for(group), idempotency_key="k").status_code == 200


def test_nothing_of_another_tenants_message_is_seen(
    api: SignIn, mai: Api, group: ConversationSettings, new_conversation: Any
) -> None:
    foreign = store_message(new_conversation(api()), 1, content="secret")

    message = data_of(mai.post(TEXT, text_for(group, replyToMessageId=foreign)))

    assert message["replyTo"] == {"messageId": foreign, "content": None, "senderName": None}
    assert logged_quote(group) == {"replyToMessageId": foreign}


def test_an_outsider_learns_nothing_of_the_message_by_a_reply(
    api: SignIn, mai: Api, group: ConversationSettings, new_conversation: Any
) -> None:
    original = store_message(new_conversation(mai), 1)
    outsider = api(tenant_id=mai.tenant_id)

    response = outsider.post(TEXT, text_for(group, replyToMessageId=original))

    assert error_of(response)["code"] == "not_a_participant"


def test_an_empty_reply_id_is_none(mai: Api, group: ConversationSettings) -> None:
    assert data_of(mai.post(TEXT, text_for(group, replyToMessageId="")))["replyTo"] is None


def test_without_the_database_a_reply_is_503_and_leaves_nothing_behind(
    mai: Api, group: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_of(mai.post(TEXT, text_for(group)))  # so that only the quoted message must be read

    def away(_ids: object) -> None:
        raise AutoReconnect("no primary")

    with monkeypatch.context() as without_database:
        without_database.setattr(admission, "quoted_messages", away)
        reply = text_for(group, replyToMessageId=new_id())
        response = mai.post(TEXT, reply, idempotency_key="k")

    assert (response.status_code, error_of(response)["code"]) == (503, "database_unavailable")
    assert status_of(mai, derived_message_id(mai.tenant_id, mai.user_id, "k")) is None

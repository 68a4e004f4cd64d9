"""In an archived conversation nothing is written any more; what was written can be deleted."""

import json
from typing import Any

from django.test import Client

from conversations import services
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import MESSAGES, data_of, error_of, records_in, store_message


def test_a_message_of_an_archived_conversation_is_deleted_and_not_edited(
    mai: Api, group: ConversationSettings
) -> None:
    stored = store_message(group, 1, senderId=mai.user_id)
    services.archive(group.id)

    edited = mai.put(MESSAGES + stored, {"content": "Chào"})
    deleted = data_of(mai.delete(MESSAGES + stored))

    assert error_of(edited)["code"] == "conversation_archived"
    assert deleted["isDeleted"]
    assert len(records_in(group.id)) == 1


def test_the_openapi_document_says_so(database: Any) -> None:
    document = Client().get("/swagger/v1/swagger.json").json()
    of_a_message = document["paths"]["/api/v1/messages/{message_id}"]

    assert "`conversation_archived`" in json.dumps(of_a_message["put"])
    assert "`conversation_archived`" not in json.dumps(of_a_message["delete"])

"""Files that are sent and stored, and who fetches them by their links."""

from typing import Any

from django.test import Client

from chat_project.mongodb import collection
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.attached import upload
from tests.messaging.conftest import data_of, error_of, stored_message

ANYBODY = Client()


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, error_of(response)["code"]


def sent_file(user: Api, group: ConversationSettings, content: bytes, **more: Any) -> Any:
    """The attachment of a message that is on its way."""
    (attachment,) = data_of(upload(user, group, content, **more))["attachments"]
    return attachment


def store(group: ConversationSettings, event: dict[str, Any], seq: int = 1, **more: Any) -> str:
    """The message of an event as the consumer stores it."""
    document = {
        **stored_message(group, seq),
        "_id": event["messageId"],
        "senderId": event["senderId"],
        "type": event["type"],
        "attachments": event["attachments"],
        **more,
    }
    collection("messages").insert_one(document)
    return str(document["_id"])

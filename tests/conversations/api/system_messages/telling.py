"""Changes that are told, what the conversation was told, and what waits in the outbox."""

import json
from datetime import timedelta
from typing import Any

from chat_project.mongodb import collection
from chat_project.timestamps import now
from conversations.services import outbox
from tests.conftest import Api
from tests.conversations.api.conftest import CONVERSATIONS, data_of
from tests.messaging.conftest import records_in


def add(user: Api, conversation_id: str, *people: dict[str, str]) -> Any:
    body = {"participants": list(people)}
    return data_of(user.post(f"{CONVERSATIONS}{conversation_id}/participants", body))


def rename(user: Api, conversation_id: str, name: str) -> Any:
    return data_of(user.put(CONVERSATIONS + conversation_id, {"name": name}))


def told(conversation_id: str) -> list[dict[str, Any]]:
    """The events of the log, oldest first."""
    return [json.loads(record.value() or b"") for record in records_in(conversation_id)]


def texts(conversation_id: str) -> list[str]:
    return [event["content"] for event in told(conversation_id)]


def waiting(conversation_id: str) -> int:
    return collection(outbox.COLLECTION).count_documents({"conversationId": conversation_id})


def let_time_pass() -> None:
    """What lies in the outbox becomes left over."""
    earlier = now() - outbox.LEFT_OVER_AFTER - timedelta(seconds=1)
    collection(outbox.COLLECTION).update_many({}, {"$set": {"at": earlier}})

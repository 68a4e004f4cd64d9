"""A school that talks over HTTP: Mai (the Admin), her colleague, and helpers for their requests."""

from datetime import datetime
from typing import Any

import pytest

from chat_project.mongodb import collection
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import (
    NOON,
    Calls,
    SignIn,
    calls,
    colleague,
    data_of,
    error_of,
    group,
    mai,
    minutes_after_noon,
    store_message,
)

__all__ = [
    "NOON",
    "Calls",
    "SignIn",
    "calls",
    "colleague",
    "data_of",
    "error_of",
    "group",
    "mai",
    "minutes_after_noon",
    "store_message",
]

CONVERSATIONS = "/api/v1/conversations/"


@pytest.fixture
def parent(api: SignIn, mai: Api) -> Api:
    """Of Mai's school, and in none of its conversations."""
    return api(tenant_id=mai.tenant_id, name="Hoàng Thị Lan")


def named(user: Api) -> dict[str, str]:
    """A user as bodies name people."""
    return {"userId": user.user_id, "userName": user.person.user_name}


def founded(user: Api, kind: str, body: Any, **headers: str) -> Any:
    return data_of(user.post(CONVERSATIONS + kind, body, **headers))


def talk(user: Api, other: Api, **headers: str) -> Any:
    """The OneToOne of the two."""
    body = {"otherUserId": other.user_id, "otherUserName": other.person.user_name}
    return founded(user, "one-to-one", body, **headers)


def teacher_group(user: Api, *members: Api, name: str = "Tổ Toán") -> Any:
    body = {"name": name, "teachers": [named(each) for each in members]}
    return founded(user, "teacher-group", body)


def shown(user: Api, conversation_id: str) -> Any:
    return data_of(user.get(CONVERSATIONS + conversation_id))


def roles(conversation: Any) -> dict[str, str]:
    return {each["userId"]: each["role"] for each in conversation["participants"]}


def listed(user: Api, **query: Any) -> list[Any]:
    """The items of the user's own list."""
    items: list[Any] = page_of(user, **query)["items"]
    return items


def page_of(user: Api, **query: Any) -> Any:
    return data_of(user.get(f"{CONVERSATIONS}user/{user.user_id}", **query))


def ids(conversations: Any) -> list[str]:
    return [each["conversationId"] for each in conversations]


def refusal(response: Any) -> tuple[int, str]:
    return response.status_code, error_of(response)["code"]


def say(conversation_id: str, seq: int, *, sender: Api, at: datetime = NOON, **more: Any) -> str:
    """A message as the consumer stores it, with the conversation's head; gives its id."""
    place = ConversationSettings(
        conversation_id,
        sender.tenant_id,
        "TeacherGroup",
        "",
        True,
        1,  # type: ignore[arg-type]
    )
    message_id = store_message(place, seq, sent_at=at, senderId=sender.user_id, **more)
    last_message = {
        "messageId": message_id,
        "seq": seq,
        "senderId": sender.user_id,
        "senderName": sender.person.user_name,
        "content": f"Tin nhắn {seq}",
        "sentAt": at,
    }
    head = {"lastSeq": seq, "lastMessage": last_message}
    collection("conversations").update_one({"_id": conversation_id}, {"$set": head})
    return message_id

"""Conversations that a real consumer has filled, for tests that then break something."""

from collections.abc import Iterator
from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers.audit import Kind, Report, Scope, reconcile
from tests.consumers.events import event
from tests.consumers.pipelines import Pipeline

MESSAGES = 6
REPLY = 5
"""The number of the message that answers the one before it."""
ROOMS = 160


class Filled:
    """A pipeline that was drained; each test takes a conversation of its own from it."""

    def __init__(self) -> None:
        self.pipeline = Pipeline()
        self.rooms = [new_id() for _ in range(ROOMS)]
        self._latest: dict[str, str] = {}
        for room in self.rooms:
            make_conversation(room)
        for number in range(MESSAGES):
            self.pipeline.produce([self._event(room, number) for room in self.rooms])
        self.pipeline.produce([event(room, sentAt="never") for room in self.rooms])
        self.drain()

    def _event(self, room: str, number: int) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if number + 1 == REPLY:
            fields = {"replyToMessageId": self._latest[room], "replyToContent": "message 3"}
        made = event(room, content=f"message {number}", senderId=f"user-{number % 2}", **fields)
        self._latest[room] = made["messageId"]
        return made

    def drain(self) -> None:
        with self.pipeline.consumer("--drain") as consumer:
            assert consumer.wait(60) == 0, consumer.output()

    def take(self) -> "Room":
        return Room(self, self.rooms.pop())


class Room:
    """One conversation with six messages, user-0's and user-1's in turn, the fifth a reply to the
    fourth, and a broken record behind."""

    def __init__(self, filled: Filled, conversation_id: str) -> None:
        self.filled = filled
        self.id = conversation_id

    def audit(self, **options: Any) -> Report:
        return reconcile(
            self.filled.pipeline.environment,
            Scope(frozenset([self.id])),
            second_look_seconds=0,
            **options,
        )

    def found(self) -> dict[Kind, int]:
        return dict(self.audit().differences)

    def messages(self) -> list[dict[str, Any]]:
        return list(collection("messages").find({"conversationId": self.id}).sort("seq", 1))

    def message(self, seq: int) -> dict[str, Any]:
        return self.messages()[seq - 1]

    def head(self) -> dict[str, Any]:
        return collection("conversations").find_one({"_id": self.id}) or {}

    def change_head(self, **fields: Any) -> None:
        collection("conversations").update_one({"_id": self.id}, {"$set": fields})

    def change_message(self, number: int, **fields: Any) -> None:
        query = {"conversationId": self.id, "seq": number}
        collection("messages").update_one(query, {"$set": fields})


def make_conversation(conversation_id: str, *users: str) -> None:
    collection("conversations").insert_one(
        {
            "_id": conversation_id,
            "key": conversation_id,
            "tenantId": "tenant-1",
            "type": "TeacherGroup",
            "name": "Tổ Toán",
            "isActive": True,
            "version": 1,
            "lastSeq": 0,
        }
    )
    collection("participants").insert_many(
        {
            "conversationId": conversation_id,
            "userId": user,
            "userName": f"Name of {user}",
            "role": "Member",
            "joinedSeq": 0,
            "readSeq": 0,
        }
        for user in users or ("user-0", "user-1")
    )


@pytest.fixture(scope="session")
def filled(django_db_setup: None) -> Iterator[Filled]:
    return Filled()


@pytest.fixture
def room(filled: Filled) -> Room:
    return filled.take()

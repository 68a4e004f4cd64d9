"""A handler on the session's real MongoDB and Redis; Kafka is played by lists of records."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import msgspec
import pymongo
import pytest

from chat_project import mongodb
from chat_project.identifiers import new_id
from chat_project.mongodb import collection, using_database
from consumers.dead_letters import DeadLetter, Kept
from consumers.effects import Effects
from consumers.handler import ChatHandler
from consumers.loop import Batch, Handled
from consumers.names import RememberedNames
from consumers.records import Record, TopicPartition
from consumers.registry import chat_registry
from consumers.runs import Runs
from consumers.topics import TopicDescription
from consumers.writer import MessageWriter
from conversations.selectors import participant_names
from tests.consumers.events import change, event, record
from tests.consumers.listener import Listener
from tests.consumers.pipelines import Pipeline

NOW_SECONDS = 1_000_000.0
"""The effects' clock; records carry their age relative to it."""


class ListedDeadLetters:
    """Keeps what a dead-letter topic of one partition would."""

    def __init__(self) -> None:
        self.letters: list[DeadLetter] = []

    def produce(self, letters: Sequence[DeadLetter]) -> Mapping[str, Kept]:
        first = len(self.letters)
        self.letters += letters
        return {letter.id: Kept(0, offset) for offset, letter in enumerate(letters, first)}


class Consumer:
    """One consumer process as far as the log's records matter."""

    def __init__(
        self,
        topic: str,
        *,
        run_limit: int = 100,
        topic_of_letters: ListedDeadLetters | None = None,
    ) -> None:
        self.topic = topic
        self.dead_letters = topic_of_letters or ListedDeadLetters()
        self.handler = ChatHandler(
            message_topic=topic,
            partitions=10,
            registry=chat_registry(topic),
            writer=MessageWriter(RememberedNames(participant_names)),
            dead_letter_topic=self.dead_letters,
            effects=Effects(outcome_seconds=3_600, clock=lambda: NOW_SECONDS),
            runs=Runs(run_limit),
        )

    def assigned(self, committed: int | None = None) -> "Consumer":
        """All ten partitions come, committed up to the same offset."""
        partitions = {TopicPartition(self.topic, p): committed for p in range(10)}
        self.handler.assigned([TopicDescription(self.topic, f"id-of-{self.topic}", 10)], partitions)
        return self

    def apply(self, records: Sequence[Record]) -> Handled:
        return self.handler.apply(Batch(records, received_at=0.0))


class Log:
    """A topic under construction: makes records with rising offsets."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.records: list[Record] = []

    def send(self, conversation_id: str, *, age_seconds: float = 10_000, **fields: Any) -> str:
        """Appends a MessageSentEvent; gives the message id."""
        body = event(conversation_id, **fields)
        self.append(body, age_seconds=age_seconds)
        return str(body["messageId"])

    def append(self, body: Any, *, age_seconds: float = 10_000, **options: Any) -> Record:
        timestamp_ms = int((NOW_SECONDS - age_seconds) * 1_000)
        made = record(
            body, offset=len(self.records), topic=self.topic, timestamp_ms=timestamp_ms, **options
        )
        self.records.append(made)
        return made

    def change(
        self, event_type: str, conversation_id: str, *, age_seconds: float = 10_000, **fields: Any
    ) -> Record:
        """Appends what happens later: an edit, a deletion, a reaction, a pin or a read."""
        body = change(conversation_id, **fields)
        return self.append(body, age_seconds=age_seconds, event_type=event_type)

    def repeat(self, earlier: Record) -> None:
        """The same event a second time, as a producer's or a client's retry leaves it."""
        self.records.append(msgspec.structs.replace(earlier, offset=len(self.records)))


@pytest.fixture
def own_database(database: None) -> Iterator[str]:
    """A database of this test alone, for what looks at everything there is; gives its name."""
    name = f"{mongodb.database().name}_{uuid4().hex[:8]}"
    with using_database(name):
        yield name
    with pymongo.timeout(60):  # it waits for what MongoDB is writing
        mongodb.client().drop_database(name)


@pytest.fixture
def log() -> Log:
    return Log(f"test-{new_id()}.message.sent")


@pytest.fixture
def consumer(log: Log) -> Consumer:
    return Consumer(log.topic).assigned()


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def conversation() -> Callable[..., str]:
    """Makes a conversation with participants, as its collections keep them; gives its id."""

    def make(
        *,
        tenant_id: str = "tenant-1",
        names: dict[str, str] | None = None,
        conversation_id: str | None = None,
    ) -> str:
        conversation_id = conversation_id or new_id()
        collection("conversations").insert_one(
            {
                "_id": conversation_id,
                "key": conversation_id,
                "tenantId": tenant_id,
                "type": "TeacherGroup",
                "name": "Tổ Toán",
                "isActive": True,
                "version": 1,
                "lastSeq": 0,
            }
        )
        if names:
            collection("participants").insert_many(
                {
                    "conversationId": conversation_id,
                    "userId": user_id,
                    "userName": name,
                    "role": "Member",
                    "joinedSeq": 0,
                    "readSeq": 0,
                }
                for user_id, name in names.items()
            )
        return conversation_id

    return make


def stored(conversation_id: str) -> list[dict[str, Any]]:
    """The conversation's messages by number."""
    return list(collection("messages").find({"conversationId": conversation_id}).sort("seq", 1))


def head(conversation_id: str) -> dict[str, Any]:
    return collection("conversations").find_one({"_id": conversation_id}) or {}

"""A school's group, its message log, stored documents by hand, and counted calls to servers."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition
from pytest_django import Settings
from redis.connection import Connection

import chat_project.redis
from chat_project import mongodb
from chat_project.identifiers import new_id
from chat_project.mongodb import Document, collection
from chat_project.settings.environment import environment
from consumers.offsets import watermarks
from consumers.records import TopicPartition as Place
from conversations.cache import retries
from conversations.values import ConversationSettings
from messaging import services
from messaging.producer import Producer
from tests.conftest import Api
from tests.conversations.conftest import PrivateRedis

TEXT = "/api/v1/messages/text"
BATCH = "/api/v1/messages/batch"
MESSAGES = "/api/v1/messages/"
HISTORY = "/api/v1/messages/conversation/"

NOON = datetime(2025, 11, 7, 12, tzinfo=UTC)

SignIn = Callable[..., Api]


@pytest.fixture
def mai(api: SignIn) -> Api:
    return api(name="Phạm Thị Mai")


@pytest.fixture
def colleague(api: SignIn, mai: Api) -> Api:
    return api(tenant_id=mai.tenant_id, name="Lê Văn Dũng")


@pytest.fixture
def group(mai: Api, colleague: Api, new_conversation: Any) -> ConversationSettings:
    """Mai's group, with her colleague."""
    founded: ConversationSettings = new_conversation(mai, colleague)
    return founded


def text_for(group: ConversationSettings, content: str = "Chào cả lớp", **more: Any) -> Any:
    return {"conversationId": group.id, "content": content, **more}


def error_of(response: Any) -> Any:
    return response.json()["error"]


def data_of(response: Any) -> Any:
    assert response.status_code == 200, response.content
    return response.json()["data"]


def status_of(user: Api, message_id: str) -> str | None:
    """What GET tells; None for 404."""
    response = user.get(MESSAGES + message_id)
    return None if response.status_code == 404 else str(data_of(response)["status"])


def records_in(
    conversation_id: str,
    topic: str | None = None,
    servers: str | None = None,
) -> list[Message]:
    """All records of a conversation in its partition, oldest first."""
    consumer = Consumer(
        {
            "bootstrap.servers": servers or environment().kafka_bootstrap_servers,
            "group.id": new_id(),
            "enable.auto.commit": False,
            "enable.partition.eof": False,
        }
    )
    partition = crc32(conversation_id.encode()) % environment().kafka_partitions
    place = TopicPartition(topic or environment().message_topic, partition, OFFSET_BEGINNING)
    try:
        _, end = watermarks(consumer, Place(place.topic, partition))
        consumer.assign([place])
        records = [*iter_until(consumer, end)] if end else []
    finally:
        consumer.close()
    return [record for record in records if record.key() == conversation_id.encode()]


def iter_until(consumer: Consumer, end: int) -> Iterator[Message]:
    """What is in the partition below `end`."""
    while True:
        record = consumer.poll(10)
        assert record is not None, f"the partition's records below {end} did not come"
        assert record.error() is None
        yield record
        if record.offset() == end - 1:
            return


def store_message(
    group: ConversationSettings, seq: int, *, sent_at: datetime = NOON, **more: Any
) -> str:
    """A document as the consumer writes it; gives its id."""
    document = stored_message(group, seq, sent_at=sent_at, **more)
    collection("messages").insert_one(document)
    return str(document["_id"])


def store_many(
    group: ConversationSettings, seqs: Iterable[int], *, seconds_apart: int = 1, **more: Any
) -> None:
    """A message for each number, sent so many seconds after noon for each number."""
    collection("messages").insert_many(
        stored_message(group, seq, sent_at=NOON + timedelta(seconds=seq * seconds_apart), **more)
        for seq in seqs
    )


def stored_message(
    group: ConversationSettings, seq: int, *, sent_at: datetime = NOON, **more: Any
) -> Document:
    return {
        "_id": new_id(),
        "conversationId": group.id,
        "tenantId": group.tenant_id,
        "seq": seq,
        "senderId": new_id(),
        "senderName": "Lê Văn Dũng",
        "type": "Text",
        "content": f"Tin nhắn {seq}",
        "status": "Sent",
        "sentAt": sent_at,
        "src": {"t": 1, "p": 0, "o": seq, "h": b"0123456789abcdef"},
        **more,
    }


def store_dead_letter(message_id: str, reason: str, **ids: Any) -> None:
    """As the consumer writes it; ids that a lenient parse did not find are absent."""
    letter = {"messageId": message_id, "reason": reason, "at": NOON, **ids}
    collection("dead_letters").insert_one({"_id": f"1:0:{new_id()}", **letter})


def minutes_after_noon(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


@pytest.fixture
def files(settings: Settings, tmp_path: Path) -> Path:
    """A folder of the test's own for attachments."""
    options = {**settings.STORAGES["attachments"]["OPTIONS"], "location": tmp_path / "files"}
    kept = {**settings.STORAGES["attachments"], "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "attachments": kept}
    settings.ATTACHMENT_INCOMING = tmp_path / "incoming"
    return tmp_path


UseProducer = Callable[..., Producer]

CLOSED_PORT = "127.0.0.1:9"


@pytest.fixture
def use_producer(monkeypatch: pytest.MonkeyPatch) -> Iterator[UseProducer]:
    """Makes the endpoints send by another producer; by default one whose brokers are away."""
    made: list[Producer] = []

    def use(servers: str = CLOSED_PORT, *, topic: str | None = None, **options: Any) -> Producer:
        producer = Producer(
            {"bootstrap.servers": servers},
            topic or environment().message_topic,
            **{"partitions": environment().kafka_partitions, "waiting_threads": 8, **options},
        )
        made.append(producer)
        monkeypatch.setattr(services, "producer", lambda: producer)
        return producer

    yield use
    for producer in made:
        producer._kafka.purge()  # closing would give the records that still wait two seconds
        producer.close()


@pytest.fixture
def private_redis(monkeypatch: pytest.MonkeyPatch, database: None) -> Iterator[PrivateRedis]:
    """The product's Redis for this test; once away, it is left alone until the test's end."""
    private = PrivateRedis()
    # What was missed is moot at once: threads of earlier tests must not ask this Redis.
    monkeypatch.setattr(retries, "ttl_seconds", lambda: 0)
    monkeypatch.setattr(chat_project.redis, "client", lambda: private.client)
    monkeypatch.setattr(chat_project.redis, "_breaker", chat_project.redis.Breaker(600))
    yield private
    private.end()


class Calls:
    """How many calls were made to the servers within `counted`."""

    def __init__(self) -> None:
        self.redis = 0

    def count_redis(self, send: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **options: Any) -> Any:
            self.redis += 1
            return send(*arguments, **options)

        return counting

    @property
    def mongodb(self) -> int:
        """Commands of any kind on the session's database."""
        return len(self.profiled({}))

    def profiled(self, condition: Document) -> list[Document]:
        """As the database's own profiler saw them; looking at it and switching it do not count."""
        name = mongodb.database().name
        # The gate polls `accepting` once a second, whether requests come or not.
        others = {"$nin": [f"{name}.{other}" for other in ("system.profile", "$cmd", "accepting")]}
        return list(mongodb.database()["system.profile"].find({"ns": others, **condition}))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, database: None) -> Iterator[Calls]:
    """Counts from here on: a pipeline to Redis is sent as one packed command."""
    chat_project.redis.client().ping()
    counted = Calls()
    sending = counted.count_redis(Connection.send_packed_command)
    monkeypatch.setattr(Connection, "send_packed_command", sending)
    profiled = mongodb.database()
    profiled.drop_collection("system.profile")
    profiled.command("profile", 2)
    yield counted
    profiled.command("profile", 0)


def index_of(profiled: Document) -> str:
    """The one index that a profiled query has read."""
    names = {
        stage["indexName"] for stage in _stages_of(profiled["execStats"]) if "indexName" in stage
    }
    (name,) = names
    return str(name)


def _stages_of(plan: Document) -> list[Document]:
    below = [plan["inputStage"]] if "inputStage" in plan else plan.get("inputStages", [])
    return [plan, *(stage for child in below for stage in _stages_of(child))]

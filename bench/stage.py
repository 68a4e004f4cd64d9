"""Where a measurement plays: servers, names of its own, conversations, records, consumers."""

import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from zlib import crc32

import confluent_kafka as kafka
import msgspec
from pymongo import MongoClient

from bench.waiting import BenchFailed
from chat_project.identifiers import new_id
from devstack import Stack
from devstack.instance import REPOSITORY
from scripts.children import STOP_SECONDS

PARTITIONS = 10
PREPARE_SECONDS = 600.0
FULL_QUEUE_SECONDS = 0.5

TENANT, USER = "bench", "user-1"
"""Every conversation is this tenant's and has this user."""

KAFKA_OPTIONS = "-Xmx512m"
PRODUCTION = {
    "DJANGO_DEBUG": "false",  # with it Django and whitenoise do more in each request
    "DJANGO_SECRET_KEY": secrets.token_urlsafe(48),
    "JWT_SECRET": secrets.token_urlsafe(48),
}

TEXT = "Kính gửi quý phụ huynh: " + "x" * 230
"""Makes a record of some 500 bytes."""

Document = dict[str, Any]


class Stage:
    """Topics of one run, with a group and a database that work on them."""

    def __init__(
        self, servers: Mapping[str, str], folder: Path, *, topics_of: "Stage | None" = None
    ) -> None:
        name = f"bench-{uuid4().hex[:8]}"
        self.prefix: str = topics_of.prefix if topics_of else name
        self.servers = servers
        self.environment = {
            **os.environ,
            **servers,
            "KAFKA_TOPIC_PREFIX": self.prefix,
            "KAFKA_GROUP_ID": name,
            "MONGODB_DATABASE": name,
            # One user sends everything: a limit would be what is measured.
            "RATE_LIMIT_MESSAGES_PER_SECOND": "0",
            "RATE_LIMIT_TENANT_MESSAGES_PER_SECOND": "0",
            **PRODUCTION,
        }
        self.group_id = name
        self.topic = f"{self.prefix}.message.sent"
        self.kafka = {"bootstrap.servers": servers["KAFKA_BOOTSTRAP_SERVERS"]}
        self.folder = folder
        self._client: MongoClient[Document] = MongoClient(servers["MONGODB_URI"])
        self.database = self._client[name]
        self.messages = self.database.messages
        self.conversations = self.database.conversations

    def prepare(self, rooms: int) -> list[str]:
        """Database, topics, indexes and conversations; gives the ids of these."""
        return self.found([str(uuid4()) for _ in range(rooms)])

    def found(self, ids: list[str]) -> list[str]:
        """As `prepare`, with these ids."""
        for command in ("migrate", "create_indexes", "create_topics"):
            manage_in(self, command)
        self.conversations.insert_many([_conversation(each) for each in ids])
        self.database.participants.insert_many([_participant(each) for each in ids])
        return ids

    @contextmanager
    def producing(self) -> Iterator[Callable[[str, str], str]]:
        """A function that sends a text to a room and gives the message id.

        Kafka has acknowledged all of them at the end of the block.
        """
        failures: list[str] = []
        producer = kafka.Producer({**self.kafka, "enable.idempotence": True, "linger.ms": 5})

        def on_delivery(error: kafka.KafkaError | None, _: object) -> None:
            if error is not None:
                failures.append(str(error))

        def send(room: str, text: str) -> str:
            event = _event(room, text)
            while True:
                try:
                    producer.produce(
                        self.topic,
                        _encode(event),
                        room,
                        partition=partition_of(room),
                        headers=[("event-type", b"MessageSentEvent")],
                        on_delivery=on_delivery,
                    )
                except BufferError:
                    producer.poll(FULL_QUEUE_SECONDS)
                else:
                    producer.poll(0)
                    return str(event["messageId"])

        yield send
        if producer.flush(PREPARE_SECONDS) or failures:
            raise BenchFailed(f"Kafka did not take everything: {failures[:1]}")

    def consumer(
        self, name: str, *, command: list[str] | None = None, **variables: str
    ) -> "Consumer":
        """`consume_messages`, or another command that consumes, as a process."""
        command = command or manage("consume_messages")
        return Consumer(command, {**self.environment, **variables}, self.folder / f"{name}.log")

    def start_over(self) -> None:
        """A new group, which begins at the first record, on the same database."""
        self.group_id = self.environment["KAFKA_GROUP_ID"] = f"bench-{uuid4().hex[:8]}"

    def check_stored(self, produced: int) -> None:
        """Raises BenchFailed unless every message is there once and the numbers say the same."""
        stored, numbered = self.messages.count_documents({}), self.numbered()
        if not stored == numbered == produced:
            raise BenchFailed(
                f"produced {produced:,}, stored {stored:,}, numbered {numbered:,}:"
                " no figure of this run counts"
            )

    def numbered(self) -> int:
        """The sum of `lastSeq`: how many messages the conversations have, by their numbers."""
        groups = self.conversations.aggregate(
            [{"$group": {"_id": None, "n": {"$sum": "$lastSeq"}}}]
        )
        return sum(int(group["n"]) for group in groups)

    def close(self) -> None:
        """Deletes the run's database; the instance's other data goes with the instance."""
        self._client.drop_database(self.environment["MONGODB_DATABASE"])
        self._client.close()


class Consumer:
    """A consuming process whose output goes to a file of the run's folder."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=REPOSITORY,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def check_alive(self) -> None:
        if self.process.poll() is not None:
            last = self.log.read_text(errors="replace")[-2_000:]
            raise BenchFailed(f"a consumer ended with {self.process.returncode}:\n{last}")

    def said_after(self, size: int) -> str:
        """What it wrote beyond the first `size` bytes."""
        with self.log.open("rb") as log:
            log.seek(size)
            return log.read().decode(errors="replace")

    def kill(self) -> None:
        """SIGKILL, as the kernel does it when memory is short."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM; SIGKILL when it does not end."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()


@contextmanager
def running_stack(name: str, *, brokers: int = 1) -> Iterator[Stack]:
    """A devstack instance, up, its Kafka with the whole JIT; down and deleted at the end."""
    os.environ["DEVSTACK_KAFKA_OPTIONS"] = KAFKA_OPTIONS
    stack = Stack(name, brokers=brokers)
    try:
        yield stack.up()
    finally:
        stack.down()
        stack.reset()


@contextmanager
def servers(name: str) -> Iterator[Mapping[str, str]]:
    """The environment of a running devstack instance."""
    with running_stack(name) as stack:
        yield stack.env()


def server_pids(stack: Stack) -> dict[str, list[int]]:
    """`kafka`, `mongod` and `redis` with the processes that they are made of."""
    pids: dict[str, list[int]] = {"kafka": [], "mongod": [], "redis": []}
    for line in stack.status():
        name = line.service.split("-")[0].replace("mongodb", "mongod")
        if line.pid is None:
            raise BenchFailed(f"{line.service} does not run")
        pids[name].append(line.pid)
    return pids


def partition_of(room: str) -> int:
    """As librdkafka's `consistent_random` has it."""
    return crc32(room.encode()) % PARTITIONS


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def manage_in(stage: Stage, command: str) -> None:
    """Runs a command of the product on the stage. Raises BenchFailed."""
    answer = subprocess.run(
        manage(command),
        cwd=REPOSITORY,
        env=stage.environment,
        capture_output=True,
        text=True,
        timeout=PREPARE_SECONDS,
        check=False,
    )
    if answer.returncode:
        raise BenchFailed(f"{command} failed:\n{answer.stderr}")


def _conversation(conversation_id: str) -> Document:
    now = datetime.now(UTC)
    return {
        "_id": conversation_id,
        "key": conversation_id,
        "tenantId": TENANT,
        "type": "TeacherGroup",
        "name": "Tổ Toán",
        "isActive": True,
        "version": 1,
        "lastSeq": 0,
        "createdAt": now,
        "createdBy": USER,
        "updatedAt": now,
    }


def _participant(conversation_id: str) -> Document:
    return {
        "conversationId": conversation_id,
        "userId": USER,
        "userName": "Phạm Thị Mai",
        "role": "Member",
        "joinedSeq": 0,
        "joinedAt": datetime.now(UTC),
        "readSeq": 0,
    }


def _event(room: str, text: str) -> Document:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {
        "id": new_id(),
        "occurredOn": now,
        "messageId": new_id(),
        "conversationId": room,
        "tenantId": TENANT,
        "senderId": USER,
        "senderName": "An",
        "content": text,
        "sentAt": now,
    }


_encode = msgspec.json.Encoder().encode

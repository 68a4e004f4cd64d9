"""What the measurements share: servers, names of a run's own, conversations, records, consumers."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4
from zlib import crc32

import confluent_kafka as kafka
from pymongo import MongoClient

from devstack import Stack
from devstack.instance import REPOSITORY
from scripts.children import STOP_SECONDS

PARTITIONS = 10
PREPARE_SECONDS = 120.0
FULL_QUEUE_SECONDS = 0.5

Document = dict[str, object]


class BenchFailed(Exception):
    """What was measured is not what should have been: no figure may come of it."""


class Pipeline:
    """Topics, group and database of one run, on the instance `bench`."""

    def __init__(self, servers: Mapping[str, str], folder: Path) -> None:
        name = f"bench-{uuid4().hex[:8]}"
        self.environment = {
            **os.environ,
            **servers,
            "KAFKA_TOPIC_PREFIX": name,
            "KAFKA_GROUP_ID": name,
            "MONGODB_DATABASE": name,
        }
        self.group_id = name
        self.topic = f"{name}.message.sent"
        self.kafka = {"bootstrap.servers": servers["KAFKA_BOOTSTRAP_SERVERS"]}
        self.folder = folder
        self._client: MongoClient[Document] = MongoClient(servers["MONGODB_URI"])
        self.messages = self._client[name].messages
        self.conversations = self._client[name].conversations

    def prepare(self, rooms: int) -> list[str]:
        """Database, topics, indexes and conversations; gives the ids of these."""
        for command in (["migrate"], ["create_indexes"], ["create_topics"]):
            answer = subprocess.run(
                manage(*command),
                cwd=REPOSITORY,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=PREPARE_SECONDS,
                check=False,
            )
            if answer.returncode:
                raise BenchFailed(f"{command[0]} failed:\n{answer.stderr}")
        ids = [str(uuid4()) for _ in range(rooms)]
        self.conversations.insert_many([_conversation(each) for each in ids])
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
                        json.dumps(event).encode(),
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

    def consumer(self, name: str, **variables: str) -> "Consumer":
        return Consumer(name, {**self.environment, **variables}, self.folder)

    def close(self) -> None:
        """Deletes the run's database; the instance's other data goes with the instance."""
        self._client.drop_database(self.environment["MONGODB_DATABASE"])
        self._client.close()


class Consumer:
    """A `consume_messages` process whose output goes to a file of the run's folder."""

    def __init__(self, name: str, environment: Mapping[str, str], folder: Path) -> None:
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                manage("consume_messages"),
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
def servers(name: str) -> Iterator[Mapping[str, str]]:
    """A devstack instance, up; down and deleted at the end."""
    stack = Stack(name)
    try:
        yield stack.up().env()
    finally:
        stack.down()
        stack.reset()


def partition_of(room: str) -> int:
    """As librdkafka's `consistent_random` has it."""
    return crc32(room.encode()) % PARTITIONS


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]


def wait_until(
    probe: Callable[[], bool], what: str, *, seconds: float, every_seconds: float = 0.02
) -> float:
    """The seconds that it took. Raises BenchFailed, naming what never came."""
    began = time.monotonic()
    while not probe():
        if time.monotonic() - began > seconds:
            raise BenchFailed(f"after {seconds:.0f} s still not: {what}")
        time.sleep(every_seconds)
    return time.monotonic() - began


def say(line: str) -> None:
    sys.stderr.write(f"bench: {line}\n")
    sys.stderr.flush()


def _conversation(conversation_id: str) -> Document:
    return {
        "_id": conversation_id,
        "key": conversation_id,
        "tenantId": "bench",
        "type": "TeacherGroup",
        "name": "Tổ Toán",
        "isActive": True,
        "version": 1,
        "lastSeq": 0,
    }


def _event(room: str, text: str) -> Document:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {
        "id": str(uuid4()),
        "occurredOn": now,
        "messageId": str(uuid4()),
        "conversationId": room,
        "tenantId": "bench",
        "senderId": "user-1",
        "senderName": "An",
        "content": text,
        "sentAt": now,
    }

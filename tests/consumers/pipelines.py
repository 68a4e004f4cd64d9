"""A pipeline of a test's own: topics on the real Kafka, a group, consumer processes."""

import json
import re
import socket
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, closing
from typing import Any
from urllib.request import urlopen
from uuid import uuid4
from zlib import crc32

import confluent_kafka as kafka
from confluent_kafka.admin import AdminClient

from chat_project.mongodb import collection
from chat_project.settings.environment import Environment
from consumers.lag import LagReader
from consumers.log_reader import LogReader
from consumers.records import Record
from messaging.topics import TopicAdministration, planned_topics
from tests.consumers.events import event
from tests.processes import Process, manage, running
from tests.waiting import wait_until


class Pipeline:
    """Names, topics and doors of one test. `addresses` replace those of the session."""

    def __init__(self, addresses: Mapping[str, str] | None = None) -> None:
        name = f"test-{uuid4().hex[:12]}"
        self.variables = {
            **(addresses or {}),
            "KAFKA_TOPIC_PREFIX": name,
            "KAFKA_GROUP_ID": name,
            "KAFKA_SESSION_TIMEOUT_MS": "6000",
            "METRICS_PORT": str(free_port()),
        }
        known: dict[str, Any] = {key.lower(): value for key, value in self.variables.items()}
        self.environment = Environment(**known)
        self.create_topics()
        self._producer = kafka.Producer(
            {**self.environment.kafka_connection(), "enable.idempotence": True, "linger.ms": 1}
        )

    def create_topics(self) -> None:
        administration = TopicAdministration(self.environment.kafka_connection())
        administration.create_missing(planned_topics(self.environment, brokers=1))

    def delete_dead_letter_topic(self) -> None:
        admin = AdminClient(self.environment.kafka_connection())
        for deletion in admin.delete_topics([self.environment.dead_letter_topic]).values():
            deletion.result(timeout=10)

    def consumer(self, *options: str, **variables: str) -> AbstractContextManager[Process]:
        """`manage.py consume_messages` as a process of its own."""
        arguments = manage("consume_messages", *options)
        return running(arguments, {**self.variables, **variables})

    def produce(
        self,
        bodies: Sequence[Any],
        *,
        partition: int | None = None,
        event_type: str = "MessageSentEvent",
    ) -> None:
        """Events as dicts, or raw bytes; returns when Kafka has them all."""
        failures: list[str] = []
        for body in bodies:
            key = body["conversationId"] if isinstance(body, dict) else "broken"
            self._producer.produce(
                self.environment.message_topic,
                json.dumps(body).encode() if isinstance(body, dict) else body,
                key,
                partition=crc32(key.encode()) % 10 if partition is None else partition,
                headers=[("event-type", event_type.encode())],
                on_delivery=lambda error, _: failures.append(str(error)) if error else None,
            )
            self._producer.poll(0)
        assert self._producer.flush(30) == 0
        assert failures == []

    def send(self, room: str, count: int = 1) -> list[str]:
        """Produces text messages; gives their ids."""
        bodies = [event(room, content=f"message {number}") for number in range(count)]
        self.produce(bodies)
        return [body["messageId"] for body in bodies]

    def lag(self) -> int:
        reader = LagReader(self.environment.kafka_connection(), self.variables["KAFKA_GROUP_ID"])
        try:
            return sum(each.lag for each in reader.read([self.environment.message_topic]))
        finally:
            reader.close()

    def dead_lettered(self) -> list[Record]:
        """Every record of the dead-letter topic."""
        return self.records(self.environment.dead_letter_topic)

    def records(self, topic: str) -> list[Record]:
        """All that the topic holds now, in offset order within a partition."""
        with closing(LogReader(self.environment.kafka_connection())) as reader:
            spans = reader.bounds(topic)
            found = [each for batch in reader.read(topic, spans) for each in batch]
        assert len(found) == sum(span.end - span.start for span in spans.values())
        return found


def count_stored(rooms: Sequence[str]) -> int:
    return collection("messages").count_documents({"conversationId": {"$in": list(rooms)}})


def scrape(process: Process) -> str:
    """What it tells Prometheus, at the port that it has found free."""
    told = wait_until(
        lambda: re.search(r"Metrics at http://localhost:(\d+)/", process.output()),
        "the metrics are served",
    )
    return scrape_port(told[1])


def scrape_port(port: str) -> str:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        text: str = answer.read().decode()
        return text


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

"""A live database and a pipeline of a test's own, handled in the test's process: for tests that look
at everything there is, and would otherwise mostly wait for commands to start."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from contextvars import copy_context
from functools import partial
from threading import Event, Thread
from uuid import uuid4

import confluent_kafka as kafka
from confluent_kafka.admin import AdminClient

from chat_project.mongodb import Document, collection, using_database
from consumers.attempts import patiently
from consumers.audit import Report, Scope, reconcile
from consumers.client import message_handler
from consumers.dead_letter_topic import KafkaDeadLetterTopic
from consumers.effects import Effects
from consumers.log_reader import LogReader, Span
from consumers.loop import Batch
from consumers.rebuild.rebuilding import Progress, rebuild
from consumers.records import TopicPartition
from consumers.topics import describe
from tests.consumers.conftest import head, stored
from tests.consumers.pipelines import Pipeline

COLLECTIONS = ("messages", "conversations", "participants", "dead_letters")

MakeConversation = Callable[..., str]


class Live:
    """`name` is its database, `into` the name of a rebuilt one."""

    def __init__(self) -> None:
        self.name = f"test-{uuid4().hex[:12]}"
        self.into = f"{self.name}-rebuilt"
        self.pipeline = Pipeline({"MONGODB_DATABASE": self.name})
        self.environment = self.pipeline.environment
        self.topic = self.environment.message_topic
        self._admin = AdminClient(self.environment.kafka_connection())
        self._handled: dict[int, int] = {}

    def drain(self) -> None:
        """Handles by the consumer's own handler what is in the log, and commits it."""
        connection, group = self.environment.kafka_connection(), self.environment.kafka_group_id
        with closing(LogReader(connection)) as reader:
            spans = {
                p: Span(max(span.start, self._handled.get(p, 0)), span.end)
                for p, span in patiently(partial(reader.bounds, self.topic)).items()
            }
            handler = message_handler(
                self.environment,
                dead_letter_topic=KafkaDeadLetterTopic(
                    connection, self.environment.dead_letter_topic, group
                ),
                effects=Effects(outcome_seconds=3_600),
                run_limit=100,
            )
            starts = {TopicPartition(self.topic, p): span.start for p, span in spans.items()}
            handler.assigned([describe(self._admin, self.topic)], starts)
            for records in reader.read(self.topic, spans):
                handler.apply(Batch(records, 0.0))
        self._handled = {p: span.end for p, span in spans.items()}
        self._commit(group)

    def _commit(self, group: str) -> None:
        settings = {**self.environment.kafka_connection(), "group.id": group}
        committing = kafka.Consumer({**settings, "enable.auto.commit": False})
        ends = [kafka.TopicPartition(self.topic, p, end) for p, end in self._handled.items()]
        try:
            committing.commit(offsets=ends, asynchronous=False)
        finally:
            committing.close()

    def replay(self) -> None:
        """Everything that is in the log, once more."""
        self._handled = {}
        self.drain()

    @contextmanager
    def consuming(self) -> Iterator[None]:
        """Handles what comes, beside the block."""
        stopped = Event()

        def run() -> None:
            while not stopped.is_set():
                self.drain()

        thread = Thread(target=copy_context().run, args=(run,))
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join(60)
            assert not thread.is_alive()

    def expire(self, room: str) -> None:
        """What the room's partition holds now is gone from the log, as after its retention."""
        [(name, mark)] = head(room)["log"].items()
        gone = kafka.TopicPartition(self.topic, int(name[1:]), mark["o"] + 1)
        for deletion in self._admin.delete_records([gone]).values():
            deletion.result(10)

    def audit(self, *, mend: bool = False) -> Report:
        return reconcile(self.environment, mend=mend, second_look_seconds=0)

    def rebuild(self) -> None:
        """Into the other database, which must then equal the log too."""
        rebuilt = rebuild(self.environment, self.into, Progress(_nobody, _nobody))
        with using_database(self.into):
            scope = Scope(up_to=rebuilt.up_to)
            report = reconcile(self.environment, scope, with_cache=False, second_look_seconds=0)
        assert report.is_clean, report.findings
        assert rebuilt.renumbered == 0


def _nobody(_count: int) -> None:
    """Who would hear of the progress."""


def content(name: str) -> dict[str, list[Document]]:
    """Every document of these collections of a database."""
    with using_database(name):
        return {each: list(collection(each).find().sort("_id", 1)) for each in COLLECTIONS}


def numbers(room: str) -> list[int]:
    return [document["seq"] for document in stored(room)]

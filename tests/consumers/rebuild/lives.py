"""A live database with its pipeline and commands, and what is in it and in the rebuilt one."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from chat_project.mongodb import Document, collection, using_database
from tests.consumers.conftest import stored
from tests.consumers.pipelines import Pipeline
from tests.processes import manage, running
from tests.waiting import wait_until

MakeConversation = Callable[..., str]

COLLECTIONS = ("messages", "conversations", "participants", "dead_letters")


class Live:
    """A live database and a pipeline of the test's own, and a name for the rebuilt one."""

    def __init__(self) -> None:
        self.name = f"test-{uuid4().hex[:12]}"
        self.into = f"{self.name}-rebuilt"
        self.pipeline = Pipeline({"MONGODB_DATABASE": self.name})
        self._admin = AdminClient(self.pipeline.environment.kafka_connection())

    def drain(self) -> None:
        with self.pipeline.consumer("--drain") as consumer:
            assert consumer.wait() == 0, consumer.output()

    def command(self, name: str, *options: str) -> tuple[int, str]:
        """Exit code and both outputs."""
        with running(manage(name, *options), self.pipeline.variables) as command:
            return command.wait(60), command.output()

    def rebuild(self) -> dict[str, Any]:
        code, output = self.command("rebuild", "--into", self.into, "--yes", "--json")
        assert code == 0, output
        [line] = [line for line in output.splitlines() if line.startswith("{")]
        rebuilt: dict[str, Any] = json.loads(line)
        assert set(rebuilt["audit"]["differences"]) <= {"closable_letter"}, rebuilt["audit"]
        return rebuilt

    def forget_records(self, room: str, below: int) -> None:
        """The first records of the room's partition expire."""
        src = stored(room)[0]["src"]
        gone = TopicPartition(self.pipeline.environment.message_topic, src["p"], below)
        for deletion in self._admin.delete_records([gone]).values():
            deletion.result(10)

    def make_topic_again(self) -> None:
        topic = self.pipeline.environment.message_topic
        self._admin.delete_topics([topic])[topic].result(10)
        wait_until(lambda: topic not in self._admin.list_topics(timeout=10).topics, "it is gone")
        self.pipeline.create_topics()


def content(name: str) -> dict[str, list[Document]]:
    """Every document of the database; a conversation that got nothing has neither null nor empty
    fields."""
    with using_database(name):
        found = {each: list(collection(each).find().sort("_id", 1)) for each in COLLECTIONS}
    for document in found["conversations"]:
        for field in ("log", "lastMessage"):
            if not document.get(field):
                document.pop(field, None)
    return found

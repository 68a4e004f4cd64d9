"""The audit of everything, in a database of its own, and the command."""

import json
from collections.abc import Iterator
from pathlib import Path

import pymongo
import pytest
from bson import ObjectId

from chat_project.identifiers import new_id
from chat_project.mongodb import client, collection, using_database
from chat_project.settings.environment import environment
from consumers.audit import Kind, Report, database_side, reconcile
from tests.audit.conftest import make_conversation
from tests.consumers.events import event
from tests.consumers.pipelines import Pipeline
from tests.processes import manage, running


class Island:
    """A pipeline whose consumers store into a database that nobody else uses."""

    def __init__(self) -> None:
        self.pipeline = Pipeline()
        self.database = f"audit_{environment().mongodb_database}"

    def drain(self) -> None:
        with self.pipeline.consumer("--drain", MONGODB_DATABASE=self.database) as consumer:
            assert consumer.wait(60) == 0, consumer.output()

    def audit(self, *, mend: bool = False) -> Report:
        return reconcile(
            self.pipeline.environment, with_cache=False, mend=mend, second_look_seconds=0
        )

    def command(self, *options: str, exit_code: int) -> str:
        arguments = manage("reconcile", *options)
        with running(arguments, {**self.pipeline.variables, "LOG_FORMAT": "json"}) as process:
            assert process.wait(60) == exit_code, process.output()
            return process.output()


@pytest.fixture
def island(database: None) -> Iterator[Island]:
    made = Island()
    with using_database(made.database):
        yield made
    with pymongo.timeout(60):  # it waits for what MongoDB is writing
        client().drop_database(made.database)


def test_everything_that_is_wrong_in_a_database_is_found_and_mended(island: Island) -> None:
    rooms, late = [new_id() for _ in range(4)], new_id()
    for room in rooms:
        make_conversation(room)
    hello = event(late)
    island.pipeline.produce([hello])
    island.pipeline.produce([b"no json", b"neither"], partition=3)
    for room in rooms:
        island.pipeline.send(room, 5)
    island.drain()
    assert island.audit().is_clean

    make_conversation(late)
    island.pipeline.produce([hello])  # the client sends it again
    island.drain()
    collection("dead_letters").delete_one({"reason": "malformed"})
    collection("messages").update_one({"conversationId": rooms[0], "seq": 4}, {"$set": {"seq": 2}})
    collection("messages").delete_many({"conversationId": rooms[1]})
    make_conversation(rooms[2] + "x")
    collection("conversations").delete_one({"_id": rooms[2] + "x"})

    found = island.audit().differences

    assert found[Kind.CLOSABLE_LETTER] == 1
    assert found[Kind.LOST] == 6
    assert found[Kind.REPEAT] == 1
    assert found[Kind.ORPHAN_PARTICIPANT] == 2
    mended = island.audit(mend=True)
    assert mended.is_clean, mended.findings
    assert island.audit().is_clean
    texts = collection("messages").find({"conversationId": rooms[1]}).sort("seq", 1)
    assert [each["content"] for each in texts] == [f"message {number}" for number in range(5)]
    assert collection("audit_log").count_documents({"action": "repair lost"}) >= 6


def test_a_dead_letter_whose_record_is_gone_is_kept_again(island: Island) -> None:
    island.pipeline.produce([b"no json"], partition=3)
    island.drain()
    island.pipeline.delete_dead_letter_topic()
    island.pipeline.create_topics()

    found = island.audit()
    assert found.differences == {Kind.LOST: 1}, found

    assert island.audit(mend=True).is_clean
    assert [message.value for message in island.pipeline.dead_lettered()] == [b"no json"]


def test_records_above_the_mark_are_applied_as_the_consumer_would(island: Island) -> None:
    room = new_id()
    island.pipeline.send(room, 3)
    island.drain()  # nobody knows the conversation yet: three dead letters
    make_conversation(room)
    collection("dead_letters").delete_many({})

    assert island.audit().differences == {Kind.LOST: 3}

    assert island.audit(mend=True).is_clean
    assert collection("messages").count_documents({"conversationId": room}) == 3


def test_the_command_tells_people_machines_and_prometheus(island: Island, tmp_path: Path) -> None:
    room = new_id()
    make_conversation(room)
    island.pipeline.send(room, 2)
    island.drain()
    database = ("--database", island.database)
    assert "differences: 0" in island.command(*database, exit_code=0)

    collection("messages").delete_one({"conversationId": room, "seq": 2})
    metrics = tmp_path / "reconcile.prom"
    output = island.command(*database, "--json", "--metrics-file", str(metrics), exit_code=1)

    report = json.loads(next(line for line in output.splitlines() if line.startswith('{"checked')))
    assert report["differences"]["lost"] == 1
    assert report["findings"]
    assert 'reconcile_differences{kind="lost"} 1.0' in metrics.read_text()
    assert "lost" in island.command(*database, "--conversation", room, exit_code=1)
    island.command(*database, "--repair", exit_code=0)


def test_what_cannot_be_checked_is_exit_2(island: Island) -> None:
    with running(
        manage("reconcile"), {**island.pipeline.variables, "KAFKA_TOPIC_PREFIX": "no-such"}
    ) as process:
        assert process.wait(60) == 2
        assert "there is no topic no-such.message.sent" in process.output()
    assert "ISO-8601" in island.command("--since", "yesterday", exit_code=2)


def test_messages_of_no_conversation_are_found_however_many_conversations_there_are(
    island: Island, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one whose record has expired stays: its content is nowhere else."""
    monkeypatch.setattr(database_side, "CONVERSATIONS_AT_ONCE", 2)
    rooms = [new_id() for _ in range(5)]
    for room in rooms:
        make_conversation(room)
        island.pipeline.send(room)
    island.drain()
    stored = collection("messages").find_one() or {}
    place = {**stored["src"], "o": 10_000_000}
    strangers = [
        {**stored, "_id": "absent", "src": place},
        {**stored, "_id": "no text", "src": place, "conversationId": ObjectId()},
        {**stored, "_id": "old", "src": {**place, "t": 0}, "conversationId": 7},
    ]
    strangers[0].pop("conversationId")
    collection("messages").insert_many(strangers)

    assert island.audit().differences == {Kind.FOREIGN: 3}
    assert island.audit(mend=True).differences == {Kind.FOREIGN: 1}
    assert collection("messages").count_documents({}) == 6

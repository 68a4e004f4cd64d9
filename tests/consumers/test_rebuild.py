"""`manage.py rebuild` on real Kafka and MongoDB: the second database equals the live one."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pymongo
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from chat_project.identifiers import new_id
from chat_project.mongodb import Document, client, collection, database, using_database
from consumers.messages import tombstone_document
from tests.consumers.conftest import head, stored
from tests.consumers.events import event
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


@pytest.fixture
def live() -> Iterator[Live]:
    made = Live()
    indexes = {name: collection(name).list_indexes().to_list() for name in COLLECTIONS}
    with using_database(made.name):
        for name, found in indexes.items():
            plain = [{k: v for k, v in each.items() if k != "v"} for each in found]
            database().command({"createIndexes": name, "indexes": plain})
        yield made
    for name in (made.name, made.into):
        with pymongo.timeout(60):  # it waits for what MongoDB is writing
            client().drop_database(name)


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


def lasts(name: str) -> dict[str, int]:
    return {each["_id"]: each["lastSeq"] for each in content(name)["conversations"]}


def put_tombstone_in_place_of(document: Document) -> None:
    """As `reconcile --repair` does with a foreign message."""
    room, seq = document["conversationId"], document["seq"]
    collection("messages").delete_one({"_id": document["_id"]})
    collection("messages").insert_one(tombstone_document(room, "tenant-1", seq, document["sentAt"]))


def indexes_of(name: str) -> dict[str, Any]:
    with using_database(name):
        return {each: collection(each).index_information() for each in COLLECTIONS}


def test_the_rebuilt_database_equals_the_live_one(
    live: Live, conversation: MakeConversation
) -> None:
    rooms = [conversation(names={"user-1": "An"}) for _ in range(4)]
    for room in rooms[:3]:
        live.pipeline.send(room, 20)
    live.pipeline.produce([b"no event"])
    live.drain()

    rebuilt = live.rebuild()

    assert (rebuilt["copied"], rebuilt["applied"], rebuilt["dead"]) == (0, 61, 1)
    assert sum(rebuilt["upTo"].values()) == 61
    assert [len(each) for each in content(live.name).values()] == [60, 4, 4, 1]
    assert content(live.into) == content(live.name)
    assert indexes_of(live.into) == indexes_of(live.name)
    assert len(list(live.pipeline.dead_lettered())) == 1


def test_what_came_before_its_conversation_stays_a_dead_letter(
    live: Live, conversation: MakeConversation
) -> None:
    room = new_id()
    live.pipeline.send(room, 2)
    live.drain()
    conversation(conversation_id=room)
    live.pipeline.send(room, 3)
    live.drain()

    live.rebuild()

    assert [len(each) for each in content(live.name).values()] == [3, 1, 0, 2]
    assert content(live.into) == content(live.name)


def test_what_a_redelivery_stored_after_all_is_stored(
    live: Live, conversation: MakeConversation
) -> None:
    room = new_id()
    live.pipeline.send(room, 2)
    live.drain()
    conversation(conversation_id=room)
    assert live.command("replay", "--from", "beginning", "--yes")[0] == 0
    live.drain()

    live.rebuild()

    assert [len(each) for each in content(live.name).values()] == [2, 1, 0, 2]
    assert content(live.into) == content(live.name)


def test_messages_older_than_the_log_are_copied(live: Live, conversation: MakeConversation) -> None:
    partly, wholly, quiet = (conversation() for _ in range(3))
    for room in (partly, wholly):
        live.pipeline.send(room, 10)
    live.drain()
    put_tombstone_in_place_of(stored(partly)[2])
    live.forget_records(partly, stored(partly)[5]["src"]["o"])
    live.forget_records(wholly, stored(wholly)[-1]["src"]["o"] + 1)
    live.pipeline.send(partly, 5)
    live.drain()

    rebuilt = live.rebuild()

    assert rebuilt["copied"] >= 15
    assert rebuilt["copied"] + rebuilt["applied"] == 25
    assert (head(partly)["lastSeq"], head(wholly)["lastSeq"], head(quiet)["lastSeq"]) == (15, 10, 0)
    assert content(live.into) == content(live.name)


def test_a_tombstone_within_the_log_is_made_again(
    live: Live, conversation: MakeConversation
) -> None:
    room = conversation()
    refuse = {"content": {"$ne": "refuse me"}}
    database().command({"collMod": "messages", "validator": refuse})
    live.pipeline.produce([event(room, content=text) for text in ("one", "refuse me", "two")])
    live.drain()

    live.rebuild()

    assert [document.get("isDeleted") for document in stored(room)] == [None, True, None]
    assert content(live.into) == content(live.name)


@pytest.mark.parametrize("later", [0, 3], ids=["the last of all", "with messages in the log"])
def test_a_tombstone_that_no_record_makes_is_copied(
    live: Live, conversation: MakeConversation, later: int
) -> None:
    room = conversation()
    live.pipeline.send(room, 6)
    live.drain()
    live.forget_records(room, stored(room)[-1]["src"]["o"] + 1)
    put_tombstone_in_place_of(stored(room)[-1])
    live.pipeline.send(room, later)
    live.drain()

    live.rebuild()

    assert head(room)["lastSeq"] == 6 + later
    assert content(live.into)["messages"] == content(live.name)["messages"]
    assert lasts(live.into) == lasts(live.name)


def test_a_tombstone_behind_the_messages_of_the_log_is_copied(
    live: Live, conversation: MakeConversation
) -> None:
    room = conversation()
    live.pipeline.send(room, 3)
    live.drain()
    last = stored(room)[-1]
    collection("messages").insert_one(tombstone_document(room, "tenant-1", 4, last["sentAt"]))
    collection("conversations").update_one({"_id": room}, {"$set": {"lastSeq": 4}})

    live.rebuild()

    assert content(live.into) == content(live.name)


def test_other_numbers_than_the_live_ones_are_told(
    live: Live, conversation: MakeConversation
) -> None:
    room = conversation()
    live.pipeline.send(room, 4)
    live.drain()
    for document in reversed(stored(room)[1:]):
        seq = document["seq"] + 1
        collection("messages").update_one({"_id": document["_id"]}, {"$set": {"seq": seq}})

    code, output = live.command("rebuild", "--into", live.into, "--yes")

    assert code == 1
    assert f"3 messages of {live.into} have other numbers than in {live.name}" in output


def test_messages_of_an_earlier_life_of_the_topic_are_copied(
    live: Live, conversation: MakeConversation
) -> None:
    room, quiet = conversation(), conversation()
    for each in (room, quiet):
        live.pipeline.send(each, 6)
    live.drain()
    live.make_topic_again()
    live.pipeline.send(room, 4)
    live.drain()

    rebuilt = live.rebuild()

    assert (rebuilt["copied"], rebuilt["applied"]) == (12, 4)
    assert len({document["src"]["t"] for document in stored(room)}) == 2
    assert content(live.into) == content(live.name)


def test_a_replay_from_its_start_brings_the_rebuilt_database_up_to_date(
    live: Live, conversation: MakeConversation
) -> None:
    room = conversation()
    live.pipeline.send(room, 5)
    live.drain()
    rebuilt = live.rebuild()
    live.pipeline.send(room, 5)
    live.drain()
    assert content(live.into) != content(live.name)

    live.pipeline.variables["MONGODB_DATABASE"] = live.into
    code, output = live.command("replay", "--from", rebuilt["startedAt"], "--yes")
    assert code == 0, output
    live.drain()

    assert content(live.into) == content(live.name)


@pytest.mark.parametrize(
    ("into", "told"),
    [("{name}", "is the live database"), ("{full}", "is not empty (messages"), ("a b", "no name")],
    ids=["the live one", "not empty", "no name"],
)
def test_another_target_than_an_empty_database_is_refused(live: Live, into: str, told: str) -> None:
    client()[live.into]["messages"].insert_one({"_id": "1"})

    code, output = live.command(
        "rebuild", "--into", into.format(name=live.name, full=live.into), "--yes"
    )

    assert code == 2
    assert told in output
    assert client()[live.into].list_collection_names() == ["messages"]


def test_without_a_terminal_it_wants_a_yes(live: Live) -> None:
    code, output = live.command("rebuild", "--into", live.into)

    assert code == 2
    assert "--yes" in output
    assert client()[live.into].list_collection_names() == []

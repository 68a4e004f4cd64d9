"""`manage.py replay` on real Kafka, MongoDB and Redis: complete again, and nothing twice."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from chat_project.mongodb import collection, database
from consumers import effects
from consumers.replay.replaying import plan_replay, replay_live
from realtime.publisher import conversation_channel
from tests.consumers.listener import Listener
from tests.consumers.pipelines import Pipeline, count_stored
from tests.consumers.replays import drain, replay
from tests.waiting import wait_until

MakeConversation = Callable[..., str]

COMPARED = ("messages", "conversations", "participants", "dead_letters")


def everything(pipeline: Pipeline, rooms: Sequence[str]) -> dict[str, list[bytes]]:
    """The raw bytes of every document of these conversations and of the topic's dead letters."""
    mine = {"$in": list(rooms)}
    queries = {
        "messages": {"conversationId": mine},
        "conversations": {"_id": mine},
        "participants": {"conversationId": mine},
        "dead_letters": {"topic": pipeline.environment.message_topic},
    }
    raw = database().with_options(codec_options=CodecOptions(document_class=RawBSONDocument))
    return {
        name: [document.raw for document in raw[name].find(queries[name]).sort("_id", 1)]
        for name in COMPARED
    }


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_full_replay_leaves_a_complete_database_as_it_is(
    pipeline: Pipeline, conversation: MakeConversation, protocol: str
) -> None:
    rooms = [conversation(names={"user-1": "An"}) for _ in range(5)]
    for room in rooms:
        pipeline.send(room, 20)
    pipeline.produce([b"no event", b"no event either"])
    pipeline.send("0199aaaa-0000-7000-8000-00000000dead")
    drain(pipeline, KAFKA_GROUP_PROTOCOL=protocol)
    before = everything(pipeline, rooms)
    kept = len(pipeline.dead_lettered())

    code, output = replay(pipeline, "--from", "beginning", "--yes")
    assert (code, pipeline.lag()) == (0, 103), output
    drain(pipeline, KAFKA_GROUP_PROTOCOL=protocol)

    assert pipeline.lag() == 0
    assert [len(before[name]) for name in COMPARED] == [100, 5, 5, 3]
    assert everything(pipeline, rooms) == before
    assert len(pipeline.dead_lettered()) == kept == 3


def test_a_live_replay_leaves_database_and_group_as_they_are(
    pipeline: Pipeline, conversation: MakeConversation
) -> None:
    rooms = [conversation() for _ in range(3)]
    for room in rooms:
        pipeline.send(room, 10)
    pipeline.produce([b"no event"])
    with pipeline.consumer() as consumer:
        wait_until(lambda: count_stored(rooms) == 30 and pipeline.lag() == 0, "all is handled")
        before = everything(pipeline, rooms)

        code, output = replay(pipeline, "--from", "beginning", "--live", "--yes", "--json")

        assert code == 0, output
        [line] = [line for line in output.splitlines() if line.startswith("{")]
        applied = json.loads(line)["applied"]
        assert applied == {"records": 31, "stored": 0, "duplicates": 0, "dead": 1, "done": 30}
        assert consumer.popen.poll() is None
        consumer.stop()
    assert pipeline.lag() == 0
    assert everything(pipeline, rooms) == before
    assert len(pipeline.dead_lettered()) == 1


@pytest.mark.parametrize("live", [False, True], ids=["by its consumers", "live"])
def test_a_database_from_a_backup_is_brought_up_to_date(
    pipeline: Pipeline,
    conversation: MakeConversation,
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
    live: bool,
) -> None:
    rooms = [conversation() for _ in range(3)]
    for room in rooms:
        pipeline.send(room, 5)
    drain(pipeline)
    backup = copied(rooms)
    for room in rooms:
        pipeline.send(room, 7)
    drain(pipeline)
    full = everything(pipeline, rooms)
    restore(backup, rooms)
    assert everything(pipeline, rooms) != full
    listener.on(*map(conversation_channel, rooms))

    if live:
        monkeypatch.setattr(effects, "LIVE_SECONDS", -60.0)
        moves = plan_replay(pipeline.environment, pipeline.environment.kafka_group_id, 0)
        applied = replay_live(
            pipeline.environment,
            pipeline.environment.kafka_group_id,
            moves,
            on_progress=lambda _: None,
        )
        assert (applied.stored, applied.done) == (21, 15)
        heard = listener.heard()
        assert {name for name, _ in heard} <= {"Resync", "MessageOutcome"}
        assert {told["conversationId"] for name, told in heard if name == "Resync"} == set(rooms)
    else:
        assert replay(pipeline, "--from", "beginning", "--yes")[0] == 0
        drain(pipeline)

    assert everything(pipeline, rooms) == full


def copied(rooms: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """A backup of these conversations."""
    mine = {"$in": list(rooms)}
    return {
        "messages": list(collection("messages").find({"conversationId": mine})),
        "conversations": list(collection("conversations").find({"_id": mine})),
    }


def restore(backup: dict[str, list[dict[str, Any]]], rooms: Sequence[str]) -> None:
    mine = {"$in": list(rooms)}
    collection("messages").delete_many({"conversationId": mine})
    collection("conversations").delete_many({"_id": mine})
    for name, documents in backup.items():
        collection(name).insert_many(documents)

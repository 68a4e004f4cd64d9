"""`manage.py replay` on real Kafka, MongoDB and Redis: complete again, and nothing twice."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from chat_project.mongodb import collection, database
from consumers import effects
from consumers.log_reader import Span
from consumers.replay.plan import Move, planned, starting_point
from consumers.replay.replaying import plan_replay, replay_live
from realtime.publisher import conversation_channel
from tests.consumers.pipelines import Pipeline, count_stored
from tests.consumers.test_effects import Listener
from tests.processes import manage, running
from tests.waiting import wait_until

MakeConversation = Callable[..., str]

COMPARED = ("messages", "conversations", "participants", "dead_letters")


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def drain(pipeline: Pipeline, **variables: str) -> str:
    with pipeline.consumer("--drain", **variables) as consumer:
        assert consumer.wait() == 0, consumer.output()
        return consumer.output()


def replay(pipeline: Pipeline, *options: str) -> tuple[int, str]:
    """Exit code and both outputs."""
    with running(manage("replay", *options), pipeline.variables) as command:
        return command.wait(), command.output()


def moves_in(output: str) -> list[dict[str, Any]]:
    [line] = [line for line in output.splitlines() if line.startswith("{")]
    moves: list[dict[str, Any]] = json.loads(line)["partitions"]
    return moves


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
    kept = len(list(pipeline.dead_lettered()))

    code, output = replay(pipeline, "--from", "beginning", "--yes")
    assert (code, pipeline.lag()) == (0, 103), output
    drain(pipeline, KAFKA_GROUP_PROTOCOL=protocol)

    assert pipeline.lag() == 0
    assert [len(before[name]) for name in COMPARED] == [100, 5, 5, 3]
    assert everything(pipeline, rooms) == before
    assert len(list(pipeline.dead_lettered())) == kept == 3


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
    assert len(list(pipeline.dead_lettered())) == 1


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


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_group_with_members_is_refused_and_its_members_are_named(
    pipeline: Pipeline, conversation: MakeConversation, protocol: str
) -> None:
    room = conversation()
    pipeline.send(room, 3)
    with pipeline.consumer(KAFKA_GROUP_PROTOCOL=protocol) as consumer:
        wait_until(lambda: count_stored([room]) == 3 and pipeline.lag() == 0, "all is handled")

        code, output = replay(pipeline, "--from", "beginning", "--yes")
        consumer.stop()

    assert code == 2
    assert "chat-consumer on /127.0.0.1 with" in output
    assert f"{pipeline.environment.message_topic} [0]" in output
    assert pipeline.lag() == 0


def test_without_a_terminal_it_wants_a_yes(
    pipeline: Pipeline, conversation: MakeConversation
) -> None:
    pipeline.send(conversation(), 3)
    drain(pipeline)

    code, output = replay(pipeline, "--from", "beginning")

    assert (code, pipeline.lag()) == (2, 0)
    assert "Handle 3 records" in output
    assert "--yes" in output


def test_a_dry_run_only_prints(pipeline: Pipeline, conversation: MakeConversation) -> None:
    pipeline.send(conversation(), 3)
    drain(pipeline)

    code, output = replay(pipeline, "--from", "beginning", "--dry-run", "--json")

    assert (code, pipeline.lag()) == (0, 0)
    assert [(m["committed"], m["new"], m["records"]) for m in moves_in(output) if m["records"]] == [
        (3, 0, 3)
    ]


def test_only_the_named_partition_is_sent_back(
    pipeline: Pipeline, conversation: MakeConversation
) -> None:
    pipeline.produce([b"no event"] * 4, partition=2)
    pipeline.produce([b"no event"] * 5, partition=3)
    drain(pipeline)

    code, _ = replay(pipeline, "--from", "1", "--partition", "3", "--yes")

    assert (code, pipeline.lag()) == (0, 4)


def test_a_time_is_the_brokers_time(pipeline: Pipeline) -> None:
    pipeline.produce([b"no event"] * 4, partition=2)
    moment = datetime.now(UTC) + timedelta(milliseconds=5)
    wait_until(lambda: datetime.now(UTC) > moment, "the next millisecond but some")
    pipeline.produce([b"no event"] * 2, partition=2)
    drain(pipeline)

    code, output = replay(pipeline, "--from", moment.isoformat(), "--yes")

    assert (code, pipeline.lag()) == (0, 2), output


def test_what_expired_is_said_and_not_asked_for(pipeline: Pipeline) -> None:
    pipeline.produce([b"no event"] * 6, partition=2)
    drain(pipeline)
    admin = AdminClient(pipeline.environment.kafka_connection())
    gone = TopicPartition(pipeline.environment.message_topic, 2, 4)
    for deletion in admin.delete_records([gone]).values():
        deletion.result(10)

    code, output = replay(pipeline, "--from", "1", "--partition", "2", "--yes")

    assert (code, pipeline.lag()) == (0, 2)
    assert "partition 2: 3 offsets expired" in output


def test_a_partition_that_does_not_exist_is_refused(pipeline: Pipeline) -> None:
    code, output = replay(pipeline, "--from", "beginning", "--partition", "10", "--yes")

    assert code == 2
    assert "has no partition [10]" in output


@pytest.mark.parametrize("live", [(), ("--live",), ("--dry-run",)], ids=["move", "live", "dry"])
def test_a_group_that_has_committed_nothing_is_refused(
    pipeline: Pipeline, live: Sequence[str]
) -> None:
    pipeline.produce([b"no event"] * 3, partition=2)
    drain(pipeline)

    code, output = replay(pipeline, "--from", "beginning", "--group", "nope", "--yes", *live)

    assert code == 2
    assert f"the group nope has committed nothing in {pipeline.environment.message_topic}" in output


def test_a_topic_that_does_not_exist_is_refused(pipeline: Pipeline) -> None:
    pipeline.variables["KAFKA_TOPIC_PREFIX"] = "nowhere"

    code, output = replay(pipeline, "--from", "beginning", "--yes")

    assert code == 2
    assert "there is no topic nowhere.message.sent" in output


@pytest.mark.parametrize("start", ["4", "2100-01-01", "4 --live"])
def test_nothing_to_replay_is_said_and_nothing_done(pipeline: Pipeline, start: str) -> None:
    pipeline.produce([b"no event"] * 4, partition=2)
    drain(pipeline)

    code, output = replay(pipeline, "--from", *start.split())

    assert (code, pipeline.lag()) == (0, 0)
    assert "nothing to replay" in output
    assert "sent back" not in output


@pytest.mark.parametrize("text", ["end", "-1", "2025-13-01", "1e3"])
def test_a_start_that_is_none_is_refused_with_what_is_allowed(
    pipeline: Pipeline, text: str
) -> None:
    code, output = replay(pipeline, f"--from={text}")

    assert code == 2
    assert "beginning, an offset, or a time" in output


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("beginning", 0),
        ("17", 17),
        ("2025-11-07T10:00:00Z", datetime(2025, 11, 7, 10, tzinfo=UTC)),
        ("2025-11-07T17:00:00+07:00", datetime(2025, 11, 7, 10, tzinfo=UTC)),
        ("2025-11-07", datetime(2025, 11, 7, tzinfo=UTC)),
    ],
)
def test_a_start_is_an_offset_or_a_time_of_utc(text: str, expected: int | datetime) -> None:
    assert starting_point(text) == expected


@pytest.mark.parametrize(
    ("wanted", "committed", "expected"),
    [
        pytest.param(0, 70, Move(0, 70, 10, 60, 0), id="from the beginning"),
        pytest.param(5, 70, Move(0, 70, 10, 60, 5), id="partly expired"),
        pytest.param(80, 70, Move(0, 70, 70, 0, 0), id="never forward"),
        pytest.param(0, None, Move(0, None, None, 0, 0), id="nothing committed"),
        pytest.param(0, 5, Move(0, 5, 5, 0, 0), id="committed before the log"),
        pytest.param(0, 170, Move(0, 170, 10, 90, 0), id="committed beyond the log"),
    ],
)
def test_a_move_goes_back_and_stays_in_the_log(
    wanted: int, committed: int | None, expected: Move
) -> None:
    assert planned({0: wanted}, {0: committed}, {0: Span(10, 100)}) == [expected]

"""Where a replay begins: an offset or a time, never forward, and within the log."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from consumers.log_reader import Span
from consumers.replay.plan import Move, planned, starting_point
from tests.consumers.pipelines import Pipeline
from tests.consumers.replays import drain, replay
from tests.waiting import wait_until

MakeConversation = Callable[..., str]


def moves_in(output: str) -> list[dict[str, Any]]:
    [line] = [line for line in output.splitlines() if line.startswith("{")]
    moves: list[dict[str, Any]] = json.loads(line)["partitions"]
    return moves


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


@pytest.mark.parametrize("start", ["4", "2100-01-01", "4 --live"])
def test_nothing_to_replay_is_said_and_nothing_done(pipeline: Pipeline, start: str) -> None:
    pipeline.produce([b"no event"] * 4, partition=2)
    drain(pipeline)

    code, output = replay(pipeline, "--from", *start.split())

    assert (code, pipeline.lag()) == (0, 0)
    assert "nothing to replay" in output
    assert "sent back" not in output


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

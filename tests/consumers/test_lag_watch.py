"""`consumer_lag --watch`: rates between two looks, on a terminal and for machines."""

import json
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from consumers.lag import PartitionLag
from consumers.lag_watch import WatchedLag, total, watched
from tests.consumers.pipelines import Pipeline
from tests.processes import Process, manage, running
from tests.waiting import wait_until


def lag(committed: int | None, end: int, *, partition: int = 0, low: int = 0) -> PartitionLag:
    start = low if committed is None else committed
    return PartitionLag("t", partition, committed, end, end - start)


RATES = [
    ("shrinking", lag(0, 100), lag(60, 120), (30.0, 10.0, 3.0)),
    ("growing", lag(0, 100), lag(10, 200), (5.0, 50.0, None)),
    ("still", lag(0, 100), lag(0, 100), (0.0, 0.0, None)),
    ("done", lag(0, 100), lag(100, 100), (50.0, 0.0, 0.0)),
    ("first commit", lag(None, 100, low=40), lag(100, 100), (30.0, 0.0, 0.0)),
]


@pytest.mark.parametrize(("before", "now", "rates"), [r[1:] for r in RATES], ids=lambda _: "")
def test_rates_are_of_the_time_since_the_last_look(
    before: PartitionLag, now: PartitionLag, rates: tuple[float | None, ...]
) -> None:
    [row] = watched([before], [now], seconds=2.0)

    assert (row.handled_per_second, row.produced_per_second, row.seconds_left) == rates


def test_the_first_look_and_a_new_partition_have_no_rates() -> None:
    [first] = watched([], [lag(0, 5)], seconds=2.0)
    known, new = watched([lag(0, 5)], [lag(5, 5), lag(0, 7, partition=1)], seconds=1.0)

    assert first == WatchedLag("t", 0, 0, 5, 5)
    assert known.handled_per_second == 5.0
    assert new.handled_per_second is None


def test_the_total_is_of_all_partitions() -> None:
    before = [lag(0, 10), lag(0, 10, partition=1)]
    now = [lag(8, 10), lag(4, 12, partition=1)]

    summed = total(watched(before, now, seconds=2.0))

    assert (summed.lag, summed.handled_per_second, summed.produced_per_second) == (10, 6.0, 1.0)
    assert summed.seconds_left == 2.0


def test_watch_and_serve_exclude_each_other() -> None:
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("consumer_lag", "--watch", "2", "--serve")


@pytest.fixture
def watching() -> Iterator[Callable[..., Process]]:
    pipeline = Pipeline()
    made: list[Any] = []

    def start(*options: str, **variables: str) -> Process:
        process = running(
            manage("consumer_lag", "--watch", "1", *options), {**pipeline.variables, **variables}
        )
        made.append(process)
        started: Process = process.__enter__()
        return started

    yield start
    for process in made:
        process.__exit__(*sys.exc_info())


def test_json_is_an_array_per_line_until_a_signal(watching: Callable[..., Process]) -> None:
    process = watching("--json")

    def arrays() -> list[Any]:
        lines = process.output().splitlines()
        return [json.loads(line) for line in lines if line.startswith("[{")]

    wait_until(lambda: len(arrays()) >= 2, "two looks")
    process.popen.send_signal(signal.SIGINT)

    assert process.wait() == 0
    first, second = arrays()[:2]
    of_the_log = [row for row in first if row["topic"].endswith(".message.sent")]
    assert [row["partition"] for row in of_the_log] == list(range(10))
    assert first[0]["handledPerSecond"] is None
    assert second[0]["handledPerSecond"] == 0.0


def test_without_a_terminal_each_look_is_a_block(watching: Callable[..., Process]) -> None:
    process = watching()
    wait_until(lambda: process.output().count("handled/s") >= 2, "two looks")

    assert process.stop() == 0
    assert "\x1b[" not in process.output()


def test_kafka_away_is_told_and_asked_again(watching: Callable[..., Process]) -> None:
    process = watching(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9")
    wait_until(lambda: "asking again" in process.output(), "it says so", seconds=60)

    assert process.popen.poll() is None
    assert process.stop() == 0

"""`python -m bench.recovery`: seconds from kill -9 of a consumer until every partition goes on.

Two ways: another process of the group is there and takes over what the killed one had (the group
must first miss it), or the only process is killed and started again at once. Ten conversations, one
a partition, get a message every 100 ms meanwhile; a round ends when each has one stored that was
sent after the kill.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any

from bench.stage import Consumer, Stage, partition_of, servers
from bench.waiting import BenchFailed, say, wait_until
from consumers.arguments import whole_number
from devstack import StackError, ports

SEND_EVERY_SECONDS = 0.1
SETTLE_SECONDS = 3.0
"""Between the end of a rebalance and the kill; a kill within one would measure something else."""
MOST_SECONDS = 120.0
PROTOCOLS = ("classic", "consumer")
CONDITIONS = (
    "One broker, one MongoDB member. The group misses a killed process after 15 s (classic: the"
    " default of KAFKA_SESSION_TIMEOUT_MS) or 6 s (consumer: group.consumer.session.timeout.ms of"
    " the development broker; Kafka's default is 45 s)."
)
TAKE_OVER, RESTART = "another process takes over", "started again at once"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 measured, 1 something failed, 2 wrong arguments."""
    options = _parser().parse_args(arguments)
    try:
        with servers("bench-recovery") as addresses, TemporaryDirectory() as folder:
            figures = [
                _measure(Stage(addresses, Path(folder)), protocol, way, options.rounds)
                for protocol in PROTOCOLS
                for way in (TAKE_OVER, RESTART)
            ]
    except (BenchFailed, StackError) as error:
        say(f"error: {error}")
        return 1
    note = f"{CONDITIONS} {options.note}".strip()
    report = {"unit": "seconds", "note": note, "figures": figures}
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "recovery.json").write_text(f"{json.dumps(report, indent=2)}\n")
    (options.output / "recovery.md").write_text(_table(figures, note))
    sys.stdout.write(_table(figures, note))
    return 0


def _measure(stage: Stage, protocol: str, way: str, rounds: int) -> dict[str, Any]:
    """Figures of one protocol and one way; refuses them when a message is not stored."""
    rooms = _one_room_a_partition(stage)
    start = _starter(stage, protocol)
    running = [start()]
    seconds = []
    try:
        with _load(stage, rooms) as sent:
            for number in range(1, rounds + 1):
                seconds.append(_round(stage, running, start, way))
                say(f"{protocol}, {way}, round {number}: {seconds[-1]:.2f} s")
        wait_until(
            lambda: stage.messages.count_documents({}) == len(sent),
            f"{len(sent)} messages stored",
            seconds=MOST_SECONDS,
        )
    finally:
        for consumer in running:
            consumer.stop()
        stage.close()
    return {
        "protocol": protocol,
        "way": way,
        "rounds": [round(each, 2) for each in seconds],
        "min": round(min(seconds), 2),
        "median": round(statistics.median(seconds), 2),
        "max": round(max(seconds), 2),
    }


def _round(stage: Stage, running: list[Consumer], start: Callable[[], Consumer], way: str) -> float:
    """Kills the one that has run longest, when all that run have partitions."""
    if way == TAKE_OVER:
        running.append(start())
    _wait_until_all_work(running)
    _wait_until_each_room_goes_on(stage)
    time.sleep(SETTLE_SECONDS)
    victim = running.pop(0)
    victim.kill()
    began = time.monotonic()
    if way == RESTART:
        running.append(start())
    _wait_until_each_room_goes_on(stage)
    for consumer in running:
        consumer.check_alive()
    return time.monotonic() - began


def _wait_until_all_work(running: Sequence[Consumer]) -> None:
    """Each has stored something from now on, so each has partitions."""
    before = {consumer: consumer.log.stat().st_size for consumer in running}
    for consumer, size in before.items():
        wait_until(
            lambda consumer=consumer, size=size: "processed" in consumer.said_after(size),  # type: ignore[misc]  # mypy: defaults of a lambda
            "every consumer has a partition",
            seconds=MOST_SECONDS,
        )


def _wait_until_each_room_goes_on(stage: Stage) -> None:
    now = datetime.now(UTC)
    rooms = stage.conversations.count_documents({})
    later = {"lastMessage.sentAt": {"$gt": now}}
    wait_until(
        lambda: stage.conversations.count_documents(later) == rooms,
        "a message sent after the kill is stored in each conversation",
        seconds=MOST_SECONDS,
    )


def _one_room_a_partition(stage: Stage) -> list[str]:
    """Without the others: each conversation that is there must go on."""
    rooms = {partition_of(room): room for room in stage.prepare(rooms=200)}
    stage.conversations.delete_many({"_id": {"$nin": list(rooms.values())}})
    return list(rooms.values())


def _starter(stage: Stage, protocol: str) -> Callable[[], Consumer]:
    numbers = count(1)
    return lambda: stage.consumer(
        f"{protocol}-{next(numbers)}",
        KAFKA_GROUP_PROTOCOL=protocol,
        METRICS_PORT=str(ports.free_port(taken=())),
    )


@contextmanager
def _load(stage: Stage, rooms: Sequence[str]) -> Iterator[list[str]]:
    """Sends to each room until the block ends; what was sent is in the list."""
    stop, sent = Event(), list[str]()
    failures: list[Exception] = []

    def run() -> None:
        try:
            with stage.producing() as send:
                while not stop.wait(SEND_EVERY_SECONDS):
                    sent.extend(send(room, "Xin chào") for room in rooms)
        except Exception as error:
            failures.append(error)

    thread = Thread(target=run, name="load")
    thread.start()
    try:
        yield sent
    finally:
        stop.set()
        thread.join()
    if failures:
        raise BenchFailed(f"the load stopped: {failures[0]}")


def _table(figures: Sequence[dict[str, Any]], note: str) -> str:
    lines = [
        "| protocol | after kill -9 | rounds | min s | median s | max s |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {each['protocol']} | {each['way']} | {len(each['rounds'])}"
        f" | {each['min']:.2f} | {each['median']:.2f} | {each['max']:.2f} |"
        for each in figures
    ]
    return "\n".join([*lines, "", note, ""])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.recovery",
        description="Measures how soon consumption goes on after kill -9 of a consumer, for both"
        " group protocols. Exit 1: something failed, and no figure was written.",
    )
    parser.add_argument(
        "--rounds", type=whole_number(1, 100), default=5, help="a protocol and way (%(default)s)"
    )
    parser.add_argument("--note", default="", help="a sentence to stand beside the figures")
    parser.add_argument(
        "--output", type=Path, default=Path("docs/reliability"), help="folder (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

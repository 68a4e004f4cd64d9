"""`python -m bench.pipeline`: messages that are in the topic already, from the first record handled
to the last one committed, by one consumer with default settings, beside a bare loop.

A round of a case is refused when what is stored is not what was produced.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import confluent_kafka as kafka
import psutil

from bench import report
from bench.report import Bar, Measured
from bench.stage import PARTITIONS, TEXT, Consumer, Stage, running_stack, server_pids
from bench.usage import CpuMeter, Pids, peak_rss_mib
from bench.waiting import BenchFailed, reach, say
from consumers.arguments import whole_number
from devstack import Stack, StackError, ports

LOOK_SECONDS = 0.05
MOST_SECONDS = 600.0
TRIES = 3
"""Attempts per round, of those that a busy machine spoils."""
OLD_SECONDS = 65.0
BARE_LEAST = 18_000
"""Messages per second of the bare loop below which the machine is too busy for a run to count."""

SHARE = "times the bare loop"
RATE, CPU, RSS, GROWN = "messages/s", "CPU ms/1,000: ", "RSS MiB: ", "RSS grown after half, MiB"
OURS, BARE = "consumer", "bare loop"


class Case(NamedTuple):
    """What is in the topic, and who works on it. `rooms` get messages at random."""

    name: str
    messages: int
    rooms: int
    consumers: int = 1
    is_replay: bool = False
    is_old: bool = False
    """Replayed when nobody waits for an outcome any more: after the acceptance records' life."""
    with_bare_loop: bool = False


CASES = [
    Case("1,000 conversations", 600_000, 1_000, with_bare_loop=True),
    Case("one conversation", 300_000, 1),
    Case("20,000 conversations", 100_000, 20_000),
    Case("replay of what is stored", 300_000, 1_000, is_replay=True),
    Case("replay of what is older", 300_000, 1_000, is_replay=True, is_old=True),
    Case("two consumers", 300_000, 1_000, consumers=2),
    Case("four consumers", 300_000, 1_000, consumers=4),
]
BARS = [
    Bar("1,000 conversations", RATE, at_least=12_000),
    Bar("1,000 conversations", SHARE, at_least=0.5),
    Bar("1,000 conversations", f"{CPU}consumer", at_most=50),
    Bar("1,000 conversations", f"{RSS}consumer", at_most=200),
    Bar("1,000 conversations", GROWN, at_most=20),
    Bar("one conversation", RATE, at_least=15_000),
    Bar("20,000 conversations", RATE, at_least=4_000),
    Bar("replay of what is older", RATE, at_least=50_000),
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 measured (bars that are missed are told), 1 refused or failed, 2 arguments."""
    options = _parser().parse_args(arguments)
    chosen = [case for case in CASES if case.name in (options.case or [c.name for c in CASES])]
    measured: list[Measured] = []
    try:
        with running_stack("bench-pipeline") as stack, TemporaryDirectory() as folder:
            for case in chosen:
                measured += _run(case, stack, Path(folder), options)
    except (BenchFailed, StackError) as error:
        say(f"error: {error}")
        return 1
    command = f"python -m bench.pipeline --rounds {options.rounds}"
    report.finish(measured, BARS, options, command=command, drawn=[RATE, f"{CPU}consumer"])
    return 0


def _run(case: Case, stack: Stack, folder: Path, options: argparse.Namespace) -> Iterator[Measured]:
    messages = options.messages or case.messages
    stage = Stage(stack.env(), folder)
    rooms = stage.prepare(case.rooms)
    ends = produce(stage, rooms, messages)
    counted, tried = 0, 0
    try:
        while counted < options.rounds:
            tried += 1
            if tried > TRIES * options.rounds:
                raise BenchFailed(
                    "the machine is too busy: the bare loop is too slow to compare with"
                )
            measured = [
                Measured(subject, _trial(case, stage, rooms, stack, ends, command))
                for subject, command in _subjects(case)
            ]
            for subject, figures in measured:
                say(
                    f"{subject}, round {counted + 1}: {figures[RATE]:,.0f} messages/s,"
                    f" {figures[f'{CPU}consumer']:.1f} CPU ms/1,000"
                )
            if options.messages is None and _is_too_busy(measured):
                say(f"not counted: the bare loop is under {BARE_LEAST:,}, the machine is too busy")
                continue
            counted += 1
            yield from _with_shares(measured)
    finally:
        stage.close()


def _with_shares(measured: Sequence[Measured]) -> Iterator[Measured]:
    """Ours in units of the bare loop of the same round, if there is one."""
    bare = next((each.figures[RATE] for each in measured if each.subject == BARE), None)
    for subject, figures in measured:
        share = {SHARE: figures[RATE] / bare} if bare and subject != BARE else {}
        yield Measured(subject, {**figures, **share})


def _is_too_busy(measured: Sequence[Measured]) -> bool:
    return any(each.subject == BARE and each.figures[RATE] < BARE_LEAST for each in measured)


def _subjects(case: Case) -> list[tuple[str, list[str] | None]]:
    """Names with commands; None is the product's own."""
    bare: list[tuple[str, list[str] | None]] = [(BARE, [sys.executable, "-m", "bench.bare_loop"])]
    return [(case.name, None), *(bare if case.with_bare_loop else [])]


def produce(stage: Stage, rooms: Sequence[str], messages: int) -> dict[int, int]:
    """Fills the topic, the same way each time; gives the end offsets by partition."""
    dice = random.Random(messages)
    began = time.monotonic()
    with stage.producing() as send:
        for _ in range(messages):
            send(dice.choice(rooms), TEXT)
    say(
        f"produced {messages:,} into {len(rooms):,} conversations in {time.monotonic() - began:.0f} s"
    )
    reader = kafka.Consumer({**stage.kafka, "group.id": stage.group_id})
    try:
        return {
            number: reader.get_watermark_offsets(kafka.TopicPartition(stage.topic, number))[1]
            for number in range(PARTITIONS)
        }
    finally:
        reader.close()


def _trial(
    case: Case,
    stage: Stage,
    rooms: list[str],
    stack: Stack,
    ends: Mapping[int, int],
    command: list[str] | None,
) -> report.Figures:
    """With a group and a database of its own."""
    trial = Stage(stage.servers, stage.folder, topics_of=stage)
    trial.found(rooms)
    if case.is_old:
        trial.environment["ACCEPTANCE_RECORD_MINUTES"] = "1"
    try:
        figures = _measure(trial, stack, ends, command, consumers=case.consumers)
        if case.is_replay:
            trial.start_over()
            if case.is_old:
                time.sleep(OLD_SECONDS)  # records age by Kafka's clock
            figures = _measure(trial, stack, ends, command, consumers=case.consumers)
        trial.check_stored(sum(ends.values()))
    finally:
        trial.close()
    return figures


def _measure(
    trial: Stage,
    stack: Stack,
    ends: Mapping[int, int],
    command: list[str] | None,
    *,
    consumers: int,
) -> report.Figures:
    """From the first committed batch on, so that the start of a process is not in it."""
    with _working(trial, command, consumers) as running, _committed(trial, ends) as committed:
        pids: Pids = {"consumer": [each.pid for each in running], **server_pids(stack)}
        total = sum(ends.values())
        first = _reach(committed, 1, running)
        began, meter = time.monotonic(), CpuMeter(pids)
        _reach(committed, (first + total) // 2, running)
        half = _rss_mib(running)
        _reach(committed, total, running)
        seconds, used = time.monotonic() - began, meter.seconds()
        grown = _rss_mib(running) - half
        peak = peak_rss_mib(pids)
    handled = total - first
    return {
        RATE: handled / seconds,
        **{f"{CPU}{name}": used[name] / handled * 1e6 for name in used},
        **{f"{RSS}{name}": peak[name] / (consumers if name == "consumer" else 1) for name in peak},
        GROWN: grown / consumers,
    }


@contextmanager
def _working(trial: Stage, command: list[str] | None, count: int) -> Iterator[list[Consumer]]:
    running = [
        trial.consumer(
            f"{trial.group_id}-{number}",
            command=command,
            METRICS_PORT=str(ports.free_port(taken=())),
        )
        for number in range(count)
    ]
    try:
        yield running
    finally:
        for each in running:
            each.stop()


@contextmanager
def _committed(trial: Stage, ends: Mapping[int, int]) -> Iterator[Callable[[], int]]:
    """Records that the group has committed, asked from outside the group."""
    reader = kafka.Consumer({**trial.kafka, "group.id": trial.group_id})
    places = [kafka.TopicPartition(trial.topic, number) for number in ends]

    def read() -> int:
        return sum(max(0, each.offset) for each in reader.committed(places, timeout=10))

    try:
        yield read
    finally:
        reader.close()


_reach = partial(reach, seconds=MOST_SECONDS, every_seconds=LOOK_SECONDS)


def _rss_mib(running: Sequence[Consumer]) -> float:
    return sum(psutil.Process(each.pid).memory_info().rss for each in running) / 2**20


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.pipeline",
        description="Measures consumption of what is in the topic already, beside a bare loop."
        " Exit 1: something failed, or what is stored is not what was produced.",
    )
    report.add_options(parser)
    parser.add_argument(
        "--case", action="append", choices=[case.name for case in CASES], help="may be repeated"
    )
    parser.add_argument(
        "--messages",
        type=whole_number(1_000, 10_000_000),
        help="instead of each case's own number; for trying",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

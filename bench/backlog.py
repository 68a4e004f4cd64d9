"""`python -m bench.backlog`: a backlog is produced, then one default consumer drains it.

Every second it notes the lag (asked from outside the group), what was stored, and the consumer's
memory: data as CSV, a chart as PNG. Refuses the run when what is stored is not what was produced.
"""

import argparse
import csv
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil

from bench.chart import draw
from bench.stage import TEXT, Consumer, Stage, servers
from bench.waiting import BenchFailed, say
from consumers.arguments import whole_number
from consumers.errors import RetryLater
from consumers.lag import LagReader
from devstack import StackError, ports

ROOMS = 1_000
SAMPLE_SECONDS = 1.0
STALLED_SECONDS = 60.0
SAY_EVERY = 50_000


class Sample(NamedTuple):
    """One line of the data; `records_per_second` is since the line before."""

    seconds: float
    lag: int
    records_per_second: int
    rss_mib: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 drained and complete, 1 refused or failed, 2 wrong arguments."""
    options = _parser().parse_args(arguments)
    try:
        with servers("bench-backlog") as addresses, TemporaryDirectory() as folder:
            stage = Stage(addresses, Path(folder))
            try:
                samples = _run(stage, options.messages)
            finally:
                stage.close()
    except (BenchFailed, StackError, RetryLater) as error:
        say(f"error: {error}")
        return 1
    options.output.mkdir(parents=True, exist_ok=True)
    _write(options.output / "backlog.csv", samples, options.messages, options.note)
    draw(samples, options.output / "backlog.png", messages=options.messages)
    sys.stdout.write(f"{_summary(samples, options.messages)}\n")
    return 0


def _run(stage: Stage, messages: int) -> list[Sample]:
    rooms = stage.prepare(ROOMS)
    began = time.monotonic()
    with stage.producing() as send:
        for number in range(messages):
            send(rooms[number % ROOMS], TEXT)
            if number % SAY_EVERY == 0:
                say(f"produced {number:,} of {messages:,}")
    say(f"produced {messages:,} in {time.monotonic() - began:.0f} s; now one consumer")
    port = str(ports.free_port(taken=()))
    consumer = stage.consumer("consumer", METRICS_PORT=port)
    try:
        samples = _drain(stage, consumer, messages)
    finally:
        consumer.stop()
    stage.check_stored(messages)
    return samples


def _drain(stage: Stage, consumer: Consumer, messages: int) -> list[Sample]:
    """Samples until the lag is zero. Raises BenchFailed when it stands still for a minute."""
    reader = LagReader(stage.kafka, stage.group_id)
    process = psutil.Process(consumer.pid)
    began = moved = due = time.monotonic()
    samples = [Sample(0.0, messages, 0, 0.0)]
    try:
        while samples[-1].lag:
            time.sleep(max(0.0, due + SAMPLE_SECONDS - time.monotonic()))
            due = time.monotonic()
            consumer.check_alive()
            lag = sum(each.lag for each in reader.read([stage.topic]))
            now, before = time.monotonic(), samples[-1]
            rate = (before.lag - lag) / (now - began - before.seconds)
            memory = process.memory_info().rss / 2**20
            samples.append(Sample(round(now - began, 2), lag, round(rate), round(memory, 1)))
            if lag != before.lag:
                moved = now
            if now - moved > STALLED_SECONDS:
                raise BenchFailed(f"the lag stands at {lag:,} since {STALLED_SECONDS:.0f} s")
            if len(samples) % 20 == 0:
                say(f"lag {lag:,}, {rate:,.0f} records/s, {memory:.0f} MiB")
    finally:
        reader.close()
    return samples


def _write(path: Path, samples: Sequence[Sample], messages: int, note: str) -> None:
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    with path.open("w", newline="") as file:
        file.write(f"# {messages} messages of some 500 bytes in {ROOMS} conversations\n")
        file.write(f"# {machine}; one broker, one MongoDB member, one consumer. {note}\n")
        file.write(f"# {_summary(samples, messages)}\n")
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(Sample._fields)
        lines.writerows(samples)


def _summary(samples: Sequence[Sample], messages: int) -> str:
    """Memory from the first tenth on: before it, the process is still loading."""
    seconds = samples[-1].seconds
    later = [each.rss_mib for each in samples[1 + len(samples) // 10 :]] or [samples[-1].rss_mib]
    return (
        f"drained in {seconds:.0f} s, {messages / seconds:,.0f} records/s on average,"
        f" memory {min(later):.0f} to {max(later):.0f} MiB after the first tenth; all stored"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.backlog",
        description="Produces a backlog and lets one default consumer drain it. Exit 1: something"
        " failed, or what is stored is not what was produced; then no figure is written.",
    )
    parser.add_argument(
        "--messages", type=whole_number(1, 10_000_000), default=1_000_000, help="(%(default)s)"
    )
    parser.add_argument("--note", default="", help="a sentence to stand in the data")
    parser.add_argument(
        "--output", type=Path, default=Path("docs/reliability"), help="folder (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

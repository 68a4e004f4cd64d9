"""`python -m bench.audit`: what an audit of a large database takes, and a repair of many losses.

Messages are produced and stored by one consumer; then `reconcile` runs as a process, watched from
outside: its peak memory and the most that its temporary files ever held. Then some messages are
deleted and `reconcile --repair` brings them back. Refuses a run whose audit is not clean.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.plain import tell
from bench.stage import TEXT, Consumer, Stage, manage
from bench.usage import peak_rss_mib
from bench.waiting import BenchFailed, say
from consumers.arguments import whole_number

ROOMS = 1_000
WATCH_SECONDS = 0.1
DRAIN_SECONDS = 3_600.0


class Run(NamedTuple):
    """Of one `reconcile`: its time, and the most memory and disk that it ever used."""

    seconds: float
    peak_mib: float
    disk_bytes: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 measured, 1 refused or failed, 2 wrong arguments."""
    options = _parser().parse_args(arguments)
    return tell("bench-audit", lambda stage: _measure(stage, options.messages, options.lose))


def _measure(stage: Stage, messages: int, lose: int) -> list[str]:
    rooms = stage.prepare(ROOMS)
    with stage.producing() as send:
        ids = [send(rooms[number % ROOMS], TEXT) for number in range(messages)]
    say(f"produced {messages:,}; now they are stored")
    storing = stage.consumer("consumer", command=manage("consume_messages", "--drain"))
    if storing.process.wait(DRAIN_SECONDS):
        storing.check_alive()
    stage.check_stored(messages)
    audit = _run(stage, "audit")
    told = [f"audit of {messages:,}: {_told(audit, messages)}"]
    if lose:
        wanted = random.Random(0).sample(ids, lose)
        stage.messages.delete_many({"_id": {"$in": wanted}})
        mended = _run(stage, "repair", "--repair")
        told.append(f"repair of {lose:,} lost ones among them: {_told(mended, messages)}")
        stage.check_stored(messages)
    return told


def _run(stage: Stage, name: str, *options: str) -> Run:
    """Raises BenchFailed unless the audit ends without a difference."""
    temporary = stage.folder / f"{name}-files"
    temporary.mkdir()
    began = time.monotonic()
    command = manage("reconcile", "--json", *options)
    audit = stage.consumer(name, command=command, TMPDIR=str(temporary))
    peak, disk = 0.0, 0
    while audit.process.poll() is None:
        peak = max(peak, peak_rss_mib({name: [audit.pid]})[name])
        disk = max(disk, _held_bytes(audit, temporary))
        time.sleep(WATCH_SECONDS)
    if audit.process.returncode:
        audit.check_alive()
    report = json.loads(audit.log.read_text().splitlines()[-1])
    if report["differences"]:
        raise BenchFailed(f"the audit is not clean: {report['differences']}")
    return Run(time.monotonic() - began, peak, disk)


def _held_bytes(audit: Consumer, folder: Path) -> int:
    """Of its open files in the folder, the deleted ones for sorting included."""
    held = 0
    try:
        for descriptor in Path(f"/proc/{audit.pid}/fd").iterdir():
            if str(folder) in os.readlink(descriptor):
                held += descriptor.stat().st_size
    except OSError:  # it has ended, or has closed that file
        return held
    return held


def _told(run: Run, messages: int) -> str:
    return (
        f"{run.seconds:.0f} s, peak memory {run.peak_mib:.0f} MiB, temporary files"
        f" {run.disk_bytes / 2**20:.0f} MiB ({run.disk_bytes / messages:.0f} bytes per message)"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.audit",
        description="Measures reconcile over a large database. Exit 1: something failed, or the"
        " audit found a difference; then no figure is told.",
    )
    parser.add_argument(
        "--messages", type=whole_number(1_000, 10_000_000), default=100_000, help="(%(default)s)"
    )
    parser.add_argument(
        "--lose",
        type=whole_number(0, 10_000),
        default=1_000,
        help="messages to delete before a repair (%(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

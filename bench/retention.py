"""`python -m bench.retention`: how fast messages are purged, and a person who wrote half is erased.

Messages older than the log are written as the consumer and the indexer leave them. The older half is
purged by its date; then one consumer runs, and a person who sent about half of the rest is erased.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import NamedTuple

from bench.library import ROOMS, Library, sent_at
from bench.plain import tell
from bench.stage import TENANT, USER, Document, Stage, manage
from bench.waiting import BenchFailed, say
from consumers.arguments import whole_number

DEADLINE_SECONDS = 3_600


class Run(NamedTuple):
    """Of one command: seconds from its start to its end, and what it tells of itself."""

    seconds: float
    told: Document

    def rate(self, count: int) -> str:
        return f"{self.seconds:.1f} s, {count / self.seconds:,.0f} messages a second"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 measured, 1 refused or failed, 2 wrong arguments."""
    options = _parser().parse_args(arguments)
    return tell("bench-retention", lambda stage: _measure(stage, options.messages))


def _measure(stage: Stage, messages: int) -> list[str]:
    Library(stage, messages).fill()
    half = messages // 2
    say(f"{messages:,} messages are there; now the older half goes")
    before = sent_at(half).isoformat()
    purge = _run(stage, "purge_messages", "--before", before)
    left = stage.messages.count_documents({})
    if purge.told["tenants"][0]["messages"] != half or left != messages - half:
        raise BenchFailed(f"{left:,} messages are left, purged are {purge.told}")
    wrote = stage.messages.count_documents({"senderId": USER})
    say(f"{wrote:,} of the rest are one person's, who is erased now")
    consumer = stage.consumer("consumer")
    try:
        erasure = _run(stage, "erase_person", "--user", USER, "--by", "bench", "--reason", "bench")
        consumer.check_alive()
    finally:
        consumer.stop()
    said = stage.messages.count_documents({"senderId": USER, "content": {"$ne": ""}})
    if said or erasure.told["changes"] < wrote:
        raise BenchFailed(f"{said:,} messages still say something: {erasure.told}")
    return [
        f"{half:,} messages of {ROOMS} conversations purged: {purge.rate(half)}",
        f"a person with {wrote:,} messages erased, with one consumer: {erasure.rate(wrote)}",
    ]


def _run(stage: Stage, command: str, *options: str) -> Run:
    """Raises BenchFailed unless it ends with 0."""
    began = time.monotonic()
    whole = manage(command, "--tenant", TENANT, "--yes", "--json", *options)
    running = stage.consumer(command, command=whole)
    if running.process.wait(DEADLINE_SECONDS):
        running.check_alive()
    seconds = time.monotonic() - began
    return Run(seconds, json.loads(running.log.read_text().splitlines()[-1]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.retention",
        description="Measures purge_messages and erase_person. Exit 1: something failed, or not all"
        " is gone that must be, or more; then no figure is told.",
    )
    parser.add_argument(
        "--messages", type=whole_number(1_000, 1_000_000), default=100_000, help="(%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

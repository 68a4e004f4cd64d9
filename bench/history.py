"""`python -m bench.history`: how fast the replaced system's data comes in, and in how much memory.

One large conversation and many small ones are written in the replaced system's shape; then
`import_history` runs as a process, watched from outside, and `reconcile` behind it. Refuses a run
that is not brought whole, or that `reconcile` finds a difference in.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import NamedTuple
from uuid import uuid4

import psutil
from bson.binary import OLD_UUID_SUBTYPE, Binary
from pymongo import MongoClient
from pymongo.database import Database

from bench.plain import tell
from bench.stage import TEXT, Document, Stage, manage, manage_in
from bench.usage import cpu_seconds, peak_rss_mib
from bench.waiting import BenchFailed, say
from consumers.arguments import whole_number

SOURCE = "replaced"
BEGINNING = datetime(2024, 9, 2, tzinfo=UTC)
PEOPLE = 20
AT_ONCE = 5_000
WATCH_SECONDS = 0.1


class Run(NamedTuple):
    """Of one import: what it tells of itself, the most memory that it ever used, and its CPU."""

    outcome: Document
    peak_mib: float
    cpu_seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 measured, 1 refused or failed, 2 wrong arguments."""
    options = _parser().parse_args(arguments)
    return tell("bench-history", lambda stage: _measure(stage, options))


def _measure(stage: Stage, options: argparse.Namespace) -> list[str]:
    for command in ("migrate", "create_indexes", "create_topics"):
        manage_in(stage, command)
    counts = [options.large, *([options.small] * options.conversations)]
    total = sum(counts)
    client: MongoClient[Document] = MongoClient(stage.servers["MONGODB_URI"])
    try:
        source = client[SOURCE]
        source["messages"].create_index([("ConversationId", 1), ("SentAt", 1)])
        source["messages"].create_index("MessageId", unique=True)
        for count in counts:
            _write_conversation(source, count)
        say(f"{total:,} messages in {len(counts):,} conversations are there; now they come in")
        first, again = _run(stage, "first"), _run(stage, "again")
    finally:
        client.drop_database(SOURCE)
        client.close()
    if first.outcome["messages"] != total or again.outcome["messages"]:
        raise BenchFailed(f"not {total:,} messages: {first.outcome}, then {again.outcome}")
    manage_in(stage, "reconcile")
    return [f"{total:,} messages: {_told(first)}", f"a second time: {_told(again)}"]


def _write_conversation(source: Database[Document], count: int) -> None:
    conversation_id, users = _guid(), [_guid() for _ in range(PEOPLE)]
    source["conversations"].insert_one(
        {
            "_id": _guid(),
            "TenantId": _TENANT,
            "ConversationId": conversation_id,
            "Type": 4,
            "Name": "Tổ Toán",
            "Participants": [_person(user) for user in users],
            "LastMessage": None,
            "CreatedAt": BEGINNING,
            "UpdatedAt": BEGINNING,
            "IsActive": True,
        }
    )
    messages = (_message(conversation_id, users[n % PEOPLE], n) for n in range(count))
    while part := list(islice(messages, AT_ONCE)):
        source["messages"].insert_many(part, ordered=False)


def _person(user_id: Binary) -> Document:
    return {
        "UserId": user_id,
        "UserName": "Phạm Thị Mai",
        "Role": 1,
        "JoinedAt": BEGINNING,
        "LastReadAt": BEGINNING + timedelta(hours=1),
        "UnreadCount": 0,
    }


def _message(conversation_id: Binary, user_id: Binary, number: int) -> Document:
    return {
        "_id": _guid(),
        "MessageId": _guid(),
        "ConversationId": conversation_id,
        "SenderId": user_id,
        "SenderName": "Phạm Thị Mai",
        "Content": f"{number} {TEXT}",
        "Type": 1,
        "Status": 1,
        "SentAt": BEGINNING + timedelta(seconds=number),
        "IsDeleted": False,
        "IsPinned": False,
        "ReadReceipts": None,
    }


def _guid() -> Binary:
    return Binary(uuid4().bytes_le, OLD_UUID_SUBTYPE)


_TENANT = _guid()


def _run(stage: Stage, name: str) -> Run:
    """Raises BenchFailed unless it ends with 0."""
    command = manage("import_history", "--source-database", SOURCE, "--json")
    address = stage.servers["MONGODB_URI"]
    importing = stage.consumer(name, command=command, HISTORY_MONGODB_URI=address)
    watched = psutil.Process(importing.pid)
    peak = used = 0.0
    while importing.process.poll() is None:
        peak = max(peak, peak_rss_mib({name: [importing.pid]})[name])
        used = max(used, _cpu_seconds_so_far(watched))
        time.sleep(WATCH_SECONDS)  # nobody tells of a peak; wait4() counts ours, from before exec
    if importing.process.returncode:
        importing.check_alive()
    outcome: Document = json.loads(importing.log.read_text().splitlines()[-1])
    return Run(outcome, peak, used)


def _cpu_seconds_so_far(process: psutil.Process) -> float:
    """0 for one that has just ended."""
    try:
        return cpu_seconds(process)
    except psutil.Error:
        return 0.0


def _told(run: Run) -> str:
    seconds, rate = run.outcome["seconds"], run.outcome["messagesPerSecond"]
    return (
        f"{seconds:.0f} s, {rate:,.0f} a second, {run.cpu_seconds:.1f} CPU seconds of its own,"
        f" peak memory {run.peak_mib:.0f} MiB"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.history",
        description="Measures import_history. Exit 1: something failed, was not brought whole, or"
        " reconcile found a difference; then no figure is told.",
    )
    parser.add_argument(
        "--large",
        type=whole_number(0, 10_000_000),
        default=100_000,
        help="messages of the one large conversation (%(default)s)",
    )
    parser.add_argument(
        "--conversations",
        type=whole_number(0, 1_000_000),
        default=2_000,
        help="small conversations beside it (%(default)s)",
    )
    parser.add_argument(
        "--small",
        type=whole_number(0, 100_000),
        default=50,
        help="messages of each of these (%(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""`python -m bench.reads`: history, lists and search over 10,000 messages and over 1,000,000.

One user is in 500 conversations; half of all messages are in one of them, which is read. A request
that scans a collection or sorts in memory, as MongoDB's profiler tells it, ends the run.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import load, report
from bench.api import PRODUCT_SETTINGS, Server, headers_of, serving, token_of
from bench.library import CONVERSATIONS, Library, Read
from bench.report import Bar, Measured
from bench.stage import Stage, running_stack, server_pids
from bench.usage import CpuMeter, Pids
from bench.waiting import BenchFailed, say
from consumers.arguments import whole_number
from devstack import Stack, StackError
from emis_chat_client import NO_RETRY, ChatError, Client
from emis_chat_client.models import History

SIZES = (10_000, 1_000_000)
CONNECTIONS = 8
REQUESTS = 1_000
WARM_UP_REQUESTS = 200
RATE, P50, P99 = "requests/s", "p50 ms", "p99 ms"
EXAMINED = "documents examined"
CPU = "CPU s/1,000 requests: "
GROWTH = "CPU of API and mongod, times that of 10,000 messages"
MOST_GROWTH = 1.5
MOST_CONVERSATIONS_CPU = 30
"""As ms a request: what a page of one's 500 conversations may cost."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 measured (bars that are missed are told), 1 refused or failed, 2 arguments."""
    options = _parser().parse_args(arguments)
    try:
        with running_stack("bench-reads") as stack, TemporaryDirectory() as folder:
            measured = list(_measure_all(stack, Path(folder), options))
    except (BenchFailed, StackError) as error:
        say(f"error: {error}")
        return 1
    bars = [
        Bar(each.subject, GROWTH, at_most=MOST_GROWTH)
        for each in measured
        if GROWTH in each.figures
    ]
    bars.append(
        Bar(f"{CONVERSATIONS}, {options.messages:,}", f"{CPU}API", at_most=MOST_CONVERSATIONS_CPU)
    )
    report.finish(
        measured,
        dict.fromkeys(bars),
        options,
        command=f"python -m bench.reads --rounds {options.rounds} --messages {options.messages}",
        drawn=[P99, f"{CPU}API"],
    )
    return 0


def _measure_all(stack: Stack, folder: Path, options: argparse.Namespace) -> Iterator[Measured]:
    """Both sizes side by side in every round."""
    with ExitStack() as within:
        libraries, servers = [], []
        for messages in dict.fromkeys([min(SIZES[0], options.messages), options.messages]):
            stage = Stage(stack.env(), folder)
            within.callback(stage.close)
            library = Library(stage, messages)
            library.fill()
            say(f"{messages:,} messages are there")
            log = folder / f"api-{messages}.log"
            servers.append(within.enter_context(serving(stage.environment, PRODUCT_SETTINGS, log)))
            libraries.append(library)
        headers = headers_of(libraries[0].stage.environment)
        for library, server in zip(libraries, servers, strict=True):
            server.wait_until_it_answers(headers)
            _check_reads(library, server)
        for _ in range(options.rounds):
            for place in range(len(libraries[0].reads())):
                used: list[float] = []
                for library, server in zip(libraries, servers, strict=True):
                    read = library.reads()[place]
                    figures = _measure(read, library, server, stack, headers, folder)
                    used.append(figures[f"{CPU}API"] + figures[f"{CPU}mongod"])
                    if len(used) > 1:
                        figures[GROWTH] = used[1] / used[0]
                    yield Measured(f"{read.name}, {library.messages:,}", figures)


def _measure(
    read: Read,
    library: Library,
    server: Server,
    stack: Stack,
    headers: Mapping[str, str],
    folder: Path,
) -> dict[str, float]:
    url = f"http://127.0.0.1:{server.port}{read.path}"
    log = folder / "reads.answers"
    load.get(url, log, headers, requests=WARM_UP_REQUESTS, connections=CONNECTIONS)
    pids: Pids = {"API": [server.pid], **server_pids(stack)}
    meter = CpuMeter(pids)
    loaded = load.get(url, log, headers, requests=REQUESTS, connections=CONNECTIONS)
    used = meter.seconds()
    figures = {
        RATE: REQUESTS / loaded.seconds,
        P50: loaded.percentile(50),
        P99: loaded.percentile(99),
        **{f"{CPU}{name}": used[name] / REQUESTS * 1_000 for name in ("API", "mongod", "redis")},
    }
    say(f"{read.name}, {library.messages:,}: {figures[RATE]:,.0f}/s, p99 {figures[P99]:.1f} ms")
    return figures


def _check_reads(library: Library, server: Server) -> None:
    """Raises BenchFailed when a read finds nothing, scans a collection or sorts in memory.

    By the client, so that each answer is of its type; the load itself is sent without it (`load`),
    because it costs more than what is measured.
    """
    database = library.stage.database
    token = token_of(library.stage.environment)
    url = f"http://127.0.0.1:{server.port}"
    with Client(url, token, timeout_seconds=60, retry=NO_RETRY) as chat:
        for read in library.reads():
            database.command("profile", 2)
            try:
                _check_answer(read, chat.run(read.call))
            except ChatError as error:
                raise BenchFailed(f"{read.name}: {error}") from error
            database.command("profile", 0)
            for seen in database["system.profile"].find({"op": {"$in": ["query", "command"]}}):
                _check_plan(read, seen)
            database.drop_collection("system.profile")


def _check_answer(read: Read, answer: Any) -> None:
    found = answer.messages if isinstance(answer, History) else getattr(answer, "items", True)
    if not found:
        raise BenchFailed(f"{read.name}: it finds nothing")


def _check_plan(read: Read, seen: Mapping[str, Any]) -> None:
    plan = str(seen.get("planSummary", ""))
    if "COLLSCAN" in plan or seen.get("hasSortStage"):
        raise BenchFailed(f"{read.name}: {plan}, sorts: {seen.get('hasSortStage')}: {seen}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.reads",
        description="Measures history, lists and search beside a small and a large collection."
        " Exit 1: something failed, or a read scans a collection or sorts in memory.",
    )
    report.add_options(parser)
    parser.add_argument(
        "--messages",
        type=whole_number(1_000, 10_000_000),
        default=SIZES[1],
        help="of the large collection (%(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""`python -m bench.steady`: a school's day in four minutes. 500 messages a second for two minutes,
then 1,000, by HTTP into 10,000 conversations chosen by Zipf's law, through everything.

Requests begin at times of a Poisson process, whether the earlier ones are answered or not, and
their times count from there. A message counts as stored when its live event is heard, which the
consumer sends after the conversation was updated; that all are stored is counted at the end. The
cache's time to live is one minute, so that all of it expires on the way.
"""

import argparse
import asyncio
import random
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from bench import report
from bench.api import PRODUCT_SETTINGS, Server, headers_of, serving
from bench.open_load import Answer, Ears, Sender
from bench.report import Bar, Measured
from bench.stage import Consumer, Stage, running_stack, server_pids
from bench.usage import CpuMeter, Pids, peak_rss_mib
from bench.waiting import BenchFailed, say
from consumers.arguments import whole_number
from consumers.errors import RetryLater
from consumers.lag import LagReader
from devstack import Stack, StackError, ports

ROOMS = 10_000
ZIPF_EXPONENT = 1.5
"""With 1.0 a minute's 30,000 messages go to some 6,500 of the 10,000 conversations: no cache can
know more than four fifths of them before."""
WARM_UP = ((50, 10), (250, 10), (500, 40))
"""Messages a second and seconds, these no more than a rate is measured: compilers get ready."""
RATES = (500, 1_000)
CONNECTIONS = 64
CACHE_TTL_MINUTES = 1

RATE, LAG, HITS, LOST = "messages/s", "most lag", "cache hits %", "live events lost"
CPU, RSS = "CPU s/1,000 messages: ", "RSS MiB: "
BARS = [
    Bar(f"{RATES[0]} a second", "stored p99 ms", at_most=100),
    Bar(f"{RATES[0]} a second", HITS, at_least=95),
    Bar(f"{RATES[0]} a second", "accepted p99 ms", at_most=50),
]


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 measured (bars that are missed are told), 1 refused or failed, 2 arguments."""
    options = _parser().parse_args(arguments)
    try:
        with running_stack("bench-steady") as stack, TemporaryDirectory() as folder:
            measured = list(_rounds(stack, Path(folder), options))
    except (BenchFailed, StackError, RetryLater) as error:
        say(f"error: {error}")
        return 1
    command = (
        f"python -m bench.steady --rounds {options.rounds} --seconds {options.seconds}"
        f" --zipf {options.zipf}"
    )
    report.finish(
        measured, BARS, options, command=command, drawn=["accepted p99 ms", "stored p99 ms"]
    )
    return 0


def _rounds(stack: Stack, folder: Path, options: argparse.Namespace) -> Iterator[Measured]:
    """All rounds by the same processes, warmed up once, as they serve a school day after day."""
    stage = Stage(stack.env(), folder)
    stage.environment["CACHE_TTL_MINUTES"] = str(CACHE_TTL_MINUTES)
    rooms = stage.prepare(ROOMS)
    with ExitStack() as within:
        server = within.enter_context(
            serving(stage.environment, PRODUCT_SETTINGS, folder / "api.log")
        )
        consumer = stage.consumer("consumer", METRICS_PORT=str(ports.free_port(taken=())))
        within.callback(consumer.stop)
        headers = headers_of(stage.environment)
        server.wait_until_it_answers(headers)
        loop = within.enter_context(asyncio.Runner())
        ears = loop.run(Ears.listening(stage.servers["REDIS_URL"]))
        dice = random.Random(options.seconds)
        sender = Sender(server, headers, rooms, zipf_exponent=options.zipf, dice=dice)
        sent = 0
        for per_second, lasts in WARM_UP:
            lasts = min(lasts, options.seconds)
            sent += len(loop.run(sender.send(per_second, lasts, connections=CONNECTIONS)))
        for number, per_second in product(range(1, options.rounds + 1), RATES):
            meter = _Meter(stage, stack, server, consumer)
            with meter.watching_lag():
                sending = sender.send(per_second, options.seconds, connections=CONNECTIONS)
                answers = loop.run(sending)
            sent += len(answers)
            loop.run(ears.wait_for(answers))
            figures = meter.figures(answers, ears, options.seconds)
            say(
                f"{per_second:,} a second, round {number}: p99 accepted"
                f" {figures['accepted p99 ms']:.0f} ms, stored {figures['stored p99 ms']:.0f} ms"
            )
            yield Measured(f"{per_second:,} a second", figures)
        stage.check_stored(sent)
    stage.close()


class _Meter:
    """What is used and counted from its making on."""

    def __init__(self, stage: Stage, stack: Stack, server: Server, consumer: Consumer) -> None:
        self._stage, self._server = stage, server
        self._pids: Pids = {
            "API": [server.pid],
            "consumer": [consumer.pid],
            **server_pids(stack),
        }
        self._cpu = CpuMeter(self._pids)
        self._own_cpu = time.process_time()
        self._cache = _cache_requests(server)
        self._most_lag = 0

    @contextmanager
    def watching_lag(self) -> Iterator[None]:
        """Asks once a second, from outside the group."""
        ended = threading.Event()

        def watch() -> None:
            reader = LagReader(self._stage.kafka, self._stage.group_id)
            while not ended.wait(1):
                lag = sum(each.lag for each in reader.read([self._stage.topic]))
                self._most_lag = max(self._most_lag, lag)
            reader.close()

        thread = threading.Thread(target=watch, name="lag")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def figures(self, answers: Sequence[Answer], ears: Ears, seconds: int) -> report.Figures:
        accepted = sorted((each.answered - each.due) * 1_000 for each in answers)
        stored = sorted(ears.seconds_until_heard(each) * 1_000 for each in answers)
        own_cpu = time.process_time() - self._own_cpu
        now = _cache_requests(self._server)
        hits, others = (now[kind] - self._cache[kind] for kind in ("hit", "other"))
        return {
            RATE: len(answers) / seconds,
            **_percentiles("accepted", accepted),
            **_percentiles("stored", stored),
            HITS: 100 * hits / (hits + others),
            LAG: self._most_lag,
            LOST: ears.count_lost(answers),
            **{
                f"{CPU}{name}": used / len(answers) * 1_000
                for name, used in (self._cpu.seconds() | {"generator": own_cpu}).items()
            },
            **{f"{RSS}{name}": mib for name, mib in peak_rss_mib(self._pids).items()},
        }


def _percentiles(what: str, ascending: Sequence[float]) -> report.Figures:
    return {
        f"{what} p{percent} ms": ascending[min(len(ascending) - 1, len(ascending) * percent // 100)]
        for percent in (50, 95, 99)
    }


def _cache_requests(server: Server) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as page:  # our own server
        text = page.read().decode()
    counted = {"hit": 0.0, "other": 0.0}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "cache_requests_total":
                result = "hit" if sample.labels["result"] == "hit" else "other"
                counted[result] += sample.value
    return counted


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.steady",
        description="Measures acceptance, storage and the cache at 500 and 1,000 messages/s."
        " Exit 1: something failed, or what is stored is not what was acknowledged.",
    )
    report.add_options(parser)
    parser.add_argument(
        "--seconds", type=whole_number(1, 3_600), default=120, help="of each rate (%(default)s)"
    )
    parser.add_argument(
        "--zipf", type=float, default=ZIPF_EXPONENT, help="exponent of Zipf's law (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""`python -m bench.accept`: what accepting a message costs, beside what a user would pick instead.

Side by side in each round: our `text`, our `batch` of 100, a constant DRF viewset under the same
gunicorn, and the endpoint written synchronously. A round is refused when what is stored is not what
was acknowledged, or when Redis or Kafka has not seen each request.
"""

import argparse
import math
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import confluent_kafka as kafka
import msgspec
from redis import Redis

from bench import report
from bench.api import PRODUCT_SETTINGS, Server, headers_of, serving
from bench.load import Load, post
from bench.report import Bar, Measured
from bench.stage import PARTITIONS, TEXT, USER, Stage, running_stack, server_pids
from bench.usage import CpuMeter, Pids, peak_rss_mib
from bench.waiting import BenchFailed, say, wait_until
from devstack import Stack, StackError, ports

LEVELS = (1, 16, 64)
BATCH = 100
ROOMS = 10
WARM_UP_REQUESTS = 10_000
"""Of texts, so that Kafka's compilers are done with most; a hundredth of it as batches."""
STORED_SECONDS = 120.0
QUICK_SHARE = 6
"""A quick run makes a sixth of the requests."""

RATE, STORED_RATE = "messages/s", "messages/s to the last one stored"
P50, P95, P99 = "p50 ms", "p95 ms", "p99 ms"
CPU, RSS = "CPU s/1,000 messages: ", "RSS MiB: "
RATIO = "CPU ratio to constant"

TEXTS, BATCHES, CONSTANT, SYNCHRONOUS = "text", "batch of 100", "constant", "synchronous"
HALF_RATE = "text at half of the maximum rate, 16 connections"


class Subject(NamedTuple):
    """Who is loaded: its settings, path, and how many requests a second of load is, roughly."""

    name: str
    settings: str
    path: str
    requests: int
    messages_per_request: int = 1
    through_kafka: bool = False


SUBJECTS = [
    Subject(TEXTS, PRODUCT_SETTINGS, "text", 6_000, through_kafka=True),
    Subject(BATCHES, PRODUCT_SETTINGS, "batch", 300, BATCH, through_kafka=True),
    Subject(CONSTANT, "bench.rivals.constant_settings", "text", 6_000),
    Subject(SYNCHRONOUS, "bench.rivals.synchronous_settings", "text", 3_000),
]
BARS = [
    Bar(f"{TEXTS}, 16 connections", RATIO, at_most=1.6),
    Bar(f"{TEXTS}, 16 connections", f"{CPU}API", at_most=1.0),
    Bar(f"{BATCHES}, 16 connections", f"{CPU}API", at_most=0.08),
    Bar(f"{BATCHES}, 16 connections", STORED_RATE, at_least=6_000),
    Bar(HALF_RATE, P99, at_most=50),
    Bar(f"{TEXTS}, 16 connections", RATE, at_least=808),
    Bar(f"{TEXTS}, 64 connections", RATE, at_least=1_630),
]
"""The last two: twice the best of OpenIM (404 and 774/s) and Tinode (618 and 815/s)."""


class Bench:
    """Servers, databases and counters of one run."""

    def __init__(self, stack: Stack, folder: Path, within: ExitStack, *, share: int) -> None:
        self.stack, self.share = stack, share
        self.folder = folder
        self.stage = Stage(stack.env(), folder)
        self.rooms = self.stage.prepare(ROOMS)
        self.rival_stage = Stage(stack.env(), folder, topics_of=self.stage)
        self.rival_stage.found(self.rooms)
        self.headers = headers_of(self.stage.environment)
        self.redis = Redis.from_url(stack.env()["REDIS_URL"])
        self.expected = 0
        """Messages that the product has acknowledged so far."""
        self.bodies = {"text": self._body("text.json", self._text(0))}
        self.bodies["batch"] = self._body("batch.json", [self._text(n) for n in range(BATCH)])
        self.servers = self._serve(within)
        self.consumer = self.stage.consumer("consumer", METRICS_PORT=str(ports.free_port(taken=())))
        within.callback(self.consumer.stop)

    def run(self, subject: Subject, connections: int, per_second: float | None = None) -> Measured:
        server = self.servers[subject.settings]
        requests = _requests(subject, connections, self.share)
        messages = requests * subject.messages_per_request
        seen = self._records_and_commands()
        pids: Pids = {
            "API": [server.pid],
            "consumer": [self.consumer.pid],
            **server_pids(self.stack),
        }
        began, meter = time.monotonic(), CpuMeter(pids)
        load = post(
            f"{server.url}/{subject.path}",
            self.bodies[subject.path],
            self.headers,
            requests=requests,
            connections=connections,
            per_second=per_second,
        )
        used = meter.seconds()
        stored_seconds = load.seconds
        if subject.through_kafka:
            self.expected += messages
            self._check_seen(seen, messages)
            self._wait_until_stored()
            stored_seconds = time.monotonic() - began
        figures = _figures(load, used, messages, peak_rss_mib(pids))
        if subject.through_kafka:
            figures[STORED_RATE] = messages / stored_seconds
        name = HALF_RATE if per_second else f"{subject.name}, {connections} connections"
        say(f"{name}: {figures[RATE]:,.0f}/s, p99 {figures[P99]:.1f} ms")
        return Measured(name, figures)

    def warm_up(self) -> None:
        for subject in SUBJECTS:
            server = self.servers[subject.settings]
            for connections in (1, 16):  # a broker that has just started is slow for a second
                requests = max(16, WARM_UP_REQUESTS // subject.messages_per_request)
                requests = requests if connections > 1 else requests // 10
                post(
                    f"{server.url}/{subject.path}",
                    self.bodies[subject.path],
                    self.headers,
                    requests=requests,
                    connections=connections,
                )
                if subject.through_kafka:
                    self.expected += requests * subject.messages_per_request
        self._wait_until_stored()

    def close(self) -> None:
        """Raises BenchFailed when what is stored is not what was acknowledged."""
        self.stage.check_stored(self.expected)
        self.stage.close()
        self.rival_stage.close()

    def _serve(self, within: ExitStack) -> dict[str, Server]:
        servers = {}
        for settings in dict.fromkeys(subject.settings for subject in SUBJECTS):
            is_ours = settings == PRODUCT_SETTINGS
            stage = self.stage if is_ours else self.rival_stage
            log = self.folder / f"{settings}.log"
            servers[settings] = within.enter_context(serving(stage.environment, settings, log))
        for server in servers.values():
            server.wait_until_it_answers(self.headers)
        return servers

    def _text(self, number: int) -> dict[str, object]:
        room = self.rooms[number % ROOMS]
        return {"conversationId": room, "senderId": USER, "senderName": "Mai", "content": TEXT}

    def _body(self, name: str, content: object) -> Path:
        path = self.folder / name
        path.write_bytes(msgspec.json.encode(content))
        return path

    def _wait_until_stored(self) -> None:
        """Asked rarely: counting takes time from what is measured."""
        wait_until(
            lambda: self.stage.numbered() >= self.expected,
            f"{self.expected:,} messages are stored",
            seconds=STORED_SECONDS,
            every_seconds=0.05,
        )

    def _records_and_commands(self) -> tuple[int, int]:
        """Records in the topic and acceptance records set, as Kafka and Redis count them."""
        commands = self.redis.info("commandstats")
        return _end_offsets(self.stage), int(commands.get("cmdstat_set", {}).get("calls", 0))

    def _check_seen(self, before: tuple[int, int], messages: int) -> None:
        records, commands = self._records_and_commands()
        if records - before[0] != messages or commands - before[1] < messages:
            raise BenchFailed(
                f"{messages:,} messages were acknowledged; Kafka got {records - before[0]:,}"
                f" records, Redis {commands - before[1]:,} acceptance records"
            )


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 measured (bars that are missed are told), 1 refused or failed, 2 arguments."""
    options = _parser().parse_args(arguments)
    try:
        with (
            running_stack("bench-accept", brokers=options.brokers) as stack,
            TemporaryDirectory() as folder,
            ExitStack() as within,
        ):
            bench = Bench(stack, Path(folder), within, share=QUICK_SHARE if options.quick else 1)
            measured = list(_rounds(bench, options.rounds))
            bench.close()
    except (BenchFailed, StackError) as error:
        say(f"error: {error}")
        return 1
    command = f"python -m bench.accept --rounds {options.rounds} --brokers {options.brokers}"
    report.finish(measured, BARS, options, command=command, drawn=[RATE, f"{CPU}API", P99])
    return 0


def _rounds(bench: Bench, rounds: int) -> Iterator[Measured]:
    bench.warm_up()
    maximum: list[float] = []
    for _ in range(rounds):
        for connections in LEVELS:
            measured = {each.name: bench.run(each, connections) for each in SUBJECTS}
            yield from _with_ratios(measured)
            if connections == 16:
                maximum.append(measured[TEXTS].figures[RATE])
    for _ in range(rounds):
        yield bench.run(SUBJECTS[0], 16, per_second=statistics.median(maximum) / 2)


def _with_ratios(measured: dict[str, Measured]) -> Iterator[Measured]:
    """CPU of the API in units of the constant viewset of the same round and level."""
    least = measured[CONSTANT].figures[f"{CPU}API"]
    for subject, figures in measured.values():
        yield Measured(subject, {**figures, RATIO: figures[f"{CPU}API"] / least})


def _requests(subject: Subject, connections: int, share: int) -> int:
    """A multiple of the connections; fewer for one connection, which takes its time."""
    wanted = subject.requests // share // (4 if connections == 1 else 1)
    return math.ceil(wanted / connections) * connections


def _figures(
    load: Load, used: dict[str, float], messages: int, peak: dict[str, float]
) -> dict[str, float]:
    used = {**used, "generator": load.generator_cpu_seconds}
    return {
        RATE: messages / load.seconds,
        P50: load.percentile(50),
        P95: load.percentile(95),
        P99: load.percentile(99),
        **{f"{CPU}{name}": seconds / messages * 1_000 for name, seconds in used.items()},
        **{f"{RSS}{name}": mib for name, mib in peak.items()},
    }


def _end_offsets(stage: Stage) -> int:
    reader = kafka.Consumer({**stage.kafka, "group.id": "end-offsets"})
    places = [kafka.TopicPartition(stage.topic, number) for number in range(PARTITIONS)]
    try:
        return sum(reader.get_watermark_offsets(place, timeout=10)[1] for place in places)
    finally:
        reader.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.accept",
        description="Measures the accept path beside a constant viewset and a synchronous one."
        " Exit 1: something failed, or what is stored is not what was acknowledged.",
    )
    report.add_options(parser)
    parser.add_argument("--quick", action="store_true", help="a sixth of the requests; for trying")
    parser.add_argument("--brokers", type=int, choices=(1, 3), default=1, help="(%(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""`manage.py consumer_lag`: what the group has not handled yet, on demand or for Prometheus."""

import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from typing_extensions import override

from chat_project.arguments import some_text
from chat_project.commands import ProductCommand
from chat_project.metrics import start_metrics_server
from chat_project.settings.environment import environment
from consumers import metrics
from consumers.arguments import whole_number
from consumers.errors import RetryLater
from consumers.lag import LagReader, PartitionLag
from consumers.lag_watch import WatchedLag, total, watched

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 5.0
CLEAR_SCREEN = "\x1b[H\x1b[2J"
HEADER = f"{'topic':40} {'partition':>9} {'committed':>10} {'end':>10} {'lag':>8}"


class Command(ProductCommand):
    help = (
        "Prints the lag of the consumer group by partition (exit 0, or 1 when Kafka is away)."
        " With --serve: exports kafka_consumer_lag{topic} every 5 s until SIGTERM or SIGINT (exit"
        " 0; 1 without a free port). With --watch: shows it again and again, with rates, until"
        " SIGTERM or SIGINT (exit 0), also while Kafka is away. Wrong arguments: exit 2."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--group", type=some_text, help="consumer group (default: KAFKA_GROUP_ID)"
        )
        parser.add_argument("--json", action="store_true", help="one JSON array for machines")
        lasting = parser.add_mutually_exclusive_group()
        lasting.add_argument("--serve", action="store_true", help="serve it for Prometheus")
        lasting.add_argument(
            "--watch",
            nargs="?",
            type=whole_number(1, 3_600),
            const=2,
            metavar="SECONDS",
            help="show it every so many seconds (default: 2); --json: an array per line",
        )
        parser.add_argument(
            "--port",
            type=whole_number(1, 65_535),
            help="first port to try with --serve (default: METRICS_PORT)",
        )

    @override
    def handle(self, **options: Any) -> None:
        group_id = options["group"] or environment().kafka_group_id
        reader = LagReader(environment().kafka_connection(), group_id)
        try:
            if options["serve"]:
                self._serve(reader, options["port"] or environment().metrics_port)
            elif options["watch"]:
                self._watch(reader, options["watch"], as_json=options["json"])
            else:
                self._print(reader.read(environment().subscribed_topics), as_json=options["json"])
        except (RetryLater, OSError) as error:
            raise CommandError(str(error)) from error
        finally:
            reader.close()

    def _print(self, lags: list[PartitionLag], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(msgspec.json.encode(lags).decode())
            return
        self.stdout.write(HEADER)
        for each in lags:
            self.stdout.write(_columns(each))
        self.stdout.write(f"total lag {sum(each.lag for each in lags)}")
        for topic in set(environment().subscribed_topics) - {each.topic for each in lags}:
            self.stderr.write(f"there is no topic {topic}")

    def _watch(self, reader: LagReader, seconds: int, *, as_json: bool) -> None:
        stopped = _stopped_by_signal()
        before: list[PartitionLag] = []
        looked_at = time.monotonic()
        while not stopped.is_set():
            try:
                lags, now = reader.read(environment().subscribed_topics), time.monotonic()
            except RetryLater as error:
                self.stderr.write(f"lag not known, asking again: {error}")
            else:
                self._show(watched(before, lags, seconds=now - looked_at), as_json=as_json)
                before, looked_at = lags, now
            stopped.wait(seconds)

    def _show(self, rows: Sequence[WatchedLag], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(msgspec.json.encode(rows).decode())
        else:
            lines = [f"{HEADER} {'handled/s':>10} {'produced/s':>10} {'left':>10}"]
            lines += [_columns(row) + _rates(row) for row in [*rows, total(rows)]]
            start = CLEAR_SCREEN if self.stdout.isatty() else ""
            self.stdout.write(start + "\n".join(lines) + "\n")
        self.stdout.flush()

    def _serve(self, reader: LagReader, port: int) -> None:
        stopped = _stopped_by_signal()
        start_metrics_server(port)
        while not stopped.is_set():
            try:
                _export(reader.read(environment().subscribed_topics))
            except RetryLater as error:
                logger.warning("Lag not known: %s", error)
                metrics.lag.clear()
            stopped.wait(INTERVAL_SECONDS)


def _stopped_by_signal() -> threading.Event:
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _columns(row: PartitionLag | WatchedLag) -> str:
    committed = "-" if row.committed is None else row.committed
    return f"{row.topic:40} {row.partition:9} {committed:>10} {row.end:10} {row.lag:8}"


def _rates(row: WatchedLag) -> str:
    rates = (row.handled_per_second, row.produced_per_second)
    handled, produced = ("-" if rate is None else f"{rate:.1f}" for rate in rates)
    left = "-" if row.seconds_left is None else f"{row.seconds_left:.0f} s"
    return f" {handled:>10} {produced:>10} {left:>10}"


def _export(lags: list[PartitionLag]) -> None:
    totals: Counter[str] = Counter()
    for each in lags:
        totals[each.topic] += each.lag
    metrics.set_lag(totals)

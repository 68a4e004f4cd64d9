"""`manage.py consumer_lag`: what the group has not handled yet, on demand or for Prometheus."""

import logging
import signal
import threading
from collections import Counter
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from chat_project.metrics import start_metrics_server
from chat_project.settings.environment import environment
from consumers import metrics
from consumers.arguments import whole_number
from consumers.errors import RetryLater
from consumers.lag import LagReader, PartitionLag

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 5.0


class Command(BaseCommand):
    help = (
        "Prints the lag of the consumer group by partition (exit 0, or 1 when Kafka is away)."
        " With --serve: exports kafka_consumer_lag{topic} every 5 s until SIGTERM."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--group", help="consumer group (default: KAFKA_GROUP_ID)")
        parser.add_argument("--json", action="store_true", help="one JSON array for machines")
        parser.add_argument("--serve", action="store_true", help="serve it for Prometheus")
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
        self.stdout.write(f"{'topic':40} {'partition':>9} {'committed':>10} {'end':>10} {'lag':>8}")
        for each in lags:
            committed = "-" if each.committed is None else each.committed
            self.stdout.write(
                f"{each.topic:40} {each.partition:9} {committed:>10} {each.end:10} {each.lag:8}"
            )
        self.stdout.write(f"total lag {sum(each.lag for each in lags)}")
        for topic in set(environment().subscribed_topics) - {each.topic for each in lags}:
            self.stderr.write(f"there is no topic {topic}")

    def _serve(self, reader: LagReader, port: int) -> None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        start_metrics_server(port)
        while not stopped.is_set():
            try:
                _export(reader.read(environment().subscribed_topics))
            except RetryLater as error:
                logger.warning("Lag not known: %s", error)
                metrics.lag.clear()
            stopped.wait(INTERVAL_SECONDS)


def _export(lags: list[PartitionLag]) -> None:
    totals: Counter[str] = Counter()
    for each in lags:
        totals[each.topic] += each.lag
    metrics.set_lag(totals)

"""`manage.py index_messages`: the words of stored messages, for search."""

import logging
import signal
import sys
from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaException
from django.core.management.base import CommandParser
from typing_extensions import override

from chat_project.arguments import some_text
from chat_project.commands import ProductCommand
from chat_project.metrics import start_metrics_server
from chat_project.settings.environment import environment
from consumers.arguments import whole_number
from consumers.draining import draining_alone
from consumers.errors import ConsumerError
from consumers.search.client import search_consumer

logger = logging.getLogger(__name__)


class Command(ProductCommand):
    help = (
        "Brings stored messages into the search, behind the consumers that store them, until"
        " SIGTERM or SIGINT (exit 0). Exit 1: going on would harm, or Kafka or MongoDB is away at the"
        " start of --drain; the last line says why. Exit 75: another --drain of the group works."
        " Wrong arguments: exit 2. Run up to as many as the topic has partitions."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--group",
            type=some_text,
            help="consumer group of its own (default: KAFKA_GROUP_ID with -search behind it)",
        )
        parser.add_argument(
            "--max-batch-size",
            type=whole_number(1, 10_000),
            default=500,
            metavar="RECORDS",
            help="the most records handled together (default: 500)",
        )
        parser.add_argument(
            "--max-batch-age-ms",
            type=whole_number(0, 10_000),
            default=200,
            metavar="MS",
            help="the most time spent waiting for more records (default: 200)",
        )
        parser.add_argument(
            "--drain", action="store_true", help="handle what is there now, then exit 0 (for cron)"
        )

    @override
    def handle(self, **options: Any) -> None:
        group_id = options["group"] or environment().search_group_id
        with draining_alone("index_messages", group_id, drain=options["drain"]):
            _index(group_id, options)


def _index(group_id: str, options: Mapping[str, Any]) -> None:
    loop = search_consumer(
        environment(),
        group_id=group_id,
        max_batch_size=options["max_batch_size"],
        max_batch_age_seconds=options["max_batch_age_ms"] / 1_000,
        drain=options["drain"],
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop())
    try:
        start_metrics_server(environment().metrics_port)
        loop.run()
    except (ConsumerError, KafkaException, OSError) as error:
        logger.critical("Stopped: %s", error)
        sys.exit(1)

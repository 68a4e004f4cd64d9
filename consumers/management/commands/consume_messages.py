"""`manage.py consume_messages`: Kafka to MongoDB, cache and hubs (contract section 3)."""

import gc
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
from consumers.client import message_consumer
from consumers.draining import draining_alone
from consumers.errors import ConsumerError
from consumers.left_over import LeftOverDuty

logger = logging.getLogger(__name__)


GARBAGE_THRESHOLD = 200_000
"""Objects made and not yet freed before the collector looks for cycles: more than a batch makes."""


class Command(ProductCommand):
    help = (
        "Stores the messages of the log in MongoDB, until SIGTERM or SIGINT (exit 0). Exit 1: going"
        " on would harm, or Kafka or MongoDB is away at the start of --drain; the last line says why."
        " Exit 75: another --drain of the group works. Wrong arguments: exit 2. Run up to as many as the"
        " topic has partitions."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--group", type=some_text, help="consumer group (default: KAFKA_GROUP_ID)"
        )
        parser.add_argument(
            "--max-batch-size",
            type=whole_number(1, 10_000),
            default=4_000,
            metavar="RECORDS",
            help="the most records handled together (default: 4000)",
        )
        parser.add_argument(
            "--max-batch-age-ms",
            type=whole_number(0, 1_000),
            default=20,
            metavar="MS",
            help="the most time spent waiting for more records (default: 20)",
        )
        parser.add_argument(
            "--allow-dead-letters",
            type=whole_number(0, 10_000),
            default=0,
            metavar="N",
            help="let a run of dead letters be N longer than DEAD_LETTER_RUN_LIMIT",
        )
        parser.add_argument(
            "--drain", action="store_true", help="handle what is there now, then exit 0 (for cron)"
        )

    @override
    def handle(self, **options: Any) -> None:
        group_id = options["group"] or environment().kafka_group_id
        with draining_alone("consume_messages", group_id, drain=options["drain"]):
            _consume(group_id, options)


def _consume(group_id: str, options: Mapping[str, Any]) -> None:
    loop = message_consumer(
        environment(),
        group_id=group_id,
        max_batch_size=options["max_batch_size"],
        max_batch_age_seconds=options["max_batch_age_ms"] / 1_000,
        allow_dead_letters=options["allow_dead_letters"],
        drain=options["drain"],
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.stop())
    _collect_garbage_rarely()
    duty = LeftOverDuty()
    try:
        start_metrics_server(environment().metrics_port)
        duty.start()
        loop.run()
    except (ConsumerError, KafkaException, OSError) as error:
        logger.critical("Stopped: %s", error)
        sys.exit(1)
    finally:
        duty.stop()


def _collect_garbage_rarely() -> None:
    """A batch makes some 50,000 objects without cycles, which die with their last reference; by
    default the collector would walk them, and all that Django has loaded, several times a batch.
    """
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD, 10, 10)

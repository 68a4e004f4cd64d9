"""`manage.py reconcile`: is everything that was accepted stored, once, and right?"""

import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import KafkaException
from django.core.management.base import BaseCommand, CommandParser
from pymongo.errors import PyMongoError
from typing_extensions import override

from chat_project.identifiers import canonical_id
from chat_project.mongodb import using_database
from chat_project.settings.environment import environment
from consumers.arguments import iso_time, some_text, whole_number
from consumers.audit import CannotCheck, Report, Scope, reconcile
from consumers.audit.report import as_text, write_metrics
from consumers.errors import ConsumerError

EXIT_DIFFERENCES = 1
EXIT_NOT_CHECKED = 2


class Command(BaseCommand):
    help = (
        "Recomputes from Kafka what MongoDB and the cache must hold, and prints each difference."
        " Works on a live system. Exit 0: no difference; 1: differences are there (after --repair: are left); 2: it could not"
        " be checked (a server is away, wrong arguments)."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--conversation",
            action="append",
            type=canonical_id,
            metavar="ID",
            help="only this one; may be given several times",
        )
        parser.add_argument(
            "--since", type=iso_time, metavar="TIME", help="records from then on (ISO-8601)"
        )
        parser.add_argument(
            "--until", type=iso_time, metavar="TIME", help="records before then (ISO-8601)"
        )
        parser.add_argument(
            "--group", type=some_text, help="consumer group (default: KAFKA_GROUP_ID)"
        )
        parser.add_argument(
            "--database",
            type=some_text,
            metavar="NAME",
            help="another database of the server; without the cache",
        )
        parser.add_argument(
            "--limit",
            type=whole_number(0, 1_000_000),
            default=100,
            metavar="N",
            help="findings to print (default: 100); all are counted",
        )
        parser.add_argument(
            "--metrics-file",
            type=Path,
            metavar="PATH",
            help="write the result as a Prometheus textfile too",
        )
        parser.add_argument(
            "--repair", action="store_true", help="mend what is found; noted in audit_log"
        )
        parser.add_argument("--json", action="store_true", help="one JSON document for machines")

    @override
    def handle(self, **options: Any) -> None:
        conversations = options["conversation"]
        scope = Scope(
            frozenset(conversations) if conversations else None, options["since"], options["until"]
        )
        database = options["database"]
        try:
            with using_database(database) if database else nullcontext():
                report = reconcile(
                    environment(),
                    scope,
                    group_id=options["group"],
                    mend=options["repair"],
                    with_cache=not database,
                    limit=options["limit"],
                )
            if options["metrics_file"]:
                write_metrics(report, options["metrics_file"], now=time.time())
        except (CannotCheck, ConsumerError, KafkaException, PyMongoError, OSError) as error:
            self.stderr.write(f"Not checked: {error}")
            sys.exit(EXIT_NOT_CHECKED)
        self._print(report, as_json=options["json"])
        if not report.is_clean:
            sys.exit(EXIT_DIFFERENCES)

    def _print(self, report: Report, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(msgspec.json.encode(report).decode())
            return
        for line in as_text(report):
            self.stdout.write(line)

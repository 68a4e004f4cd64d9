"""`manage.py reconcile`: is everything that was accepted stored, once, and right?"""

import logging
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NoReturn

import msgspec
from confluent_kafka import KafkaException
from django.core.management.base import CommandParser
from pymongo.errors import PyMongoError
from typing_extensions import override

from chat_project.arguments import some_path, some_text
from chat_project.commands import ProductCommand
from chat_project.identifiers import canonical_id
from chat_project.mongodb import described, using_database
from chat_project.running_alone import RunsAlready, running_alone
from chat_project.settings.environment import environment
from consumers.arguments import iso_time, whole_number
from consumers.audit import CannotCheck, Report, Scope, reconcile
from consumers.audit.report import as_text, write_metrics
from consumers.errors import ConsumerError

logger = logging.getLogger(__name__)

EXIT_DIFFERENCES = 1
EXIT_NOT_CHECKED = 2


class Command(ProductCommand):
    help = (
        "Recomputes from Kafka what MongoDB and the cache must hold, and prints each difference."
        " Works on a live system. Exit 0: no difference, or closable letters only; 1: differences are"
        " there (after --repair: are left); 2: it could not be checked (a server is away, wrong"
        " arguments, anything unexpected), or its metrics could not be written; 75: another run of it"
        " works (only --conversation without --repair may run beside it)."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--conversation",
            action="append",
            type=_conversation_id,
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
            metavar="NAME",
            type=some_text,
            help="another database of the server; without the cache, and --repair produces nothing",
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
            type=some_path,
            metavar="PATH",
            help="write the result as a Prometheus textfile too; alert on every kind above 0 but"
            " closable_letter",
        )
        parser.add_argument(
            "--repair", action="store_true", help="mend what is found; noted in audit_log"
        )
        parser.add_argument("--json", action="store_true", help="one JSON document for machines")

    @override
    def handle(self, **options: Any) -> None:
        try:
            with _alone(options):
                report = _reconciled(options)
        except RunsAlready:
            raise
        except PyMongoError as error:
            self._give_up(f"could not check: {described(error)}")
        except (CannotCheck, ConsumerError, KafkaException, OSError) as error:
            self._give_up(f"could not check: {error}")
        except Exception as error:
            logger.exception("The audit broke off")
            self._give_up(f"could not check: {error!r}")
        self._print(report, as_json=options["json"])
        if options["metrics_file"]:
            try:
                write_metrics(report, options["metrics_file"], now=time.time())
            except OSError as error:
                self._give_up(f"checked, but the metrics could not be written: {error}")
        if not report.is_clean:
            sys.exit(EXIT_DIFFERENCES)

    def _give_up(self, why: str) -> NoReturn:
        self.stderr.write(why)
        sys.exit(EXIT_NOT_CHECKED)

    def _print(self, report: Report, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(msgspec.json.encode(report).decode())
            return
        for line in as_text(report):
            self.stdout.write(line)


def _alone(options: Mapping[str, Any]) -> AbstractContextManager[object]:
    """Whole audits take long, and repairs write; a look at single conversations may go on beside."""
    if options["conversation"] and not options["repair"]:
        return nullcontext()
    database = options["database"]
    is_live = database in (None, environment().mongodb_database)
    return running_alone("reconcile" if is_live else f"reconcile of {database}")


def _reconciled(options: Mapping[str, Any]) -> Report:
    since, until, database = options["since"], options["until"], options["database"]
    if since is not None and until is not None and since >= until:
        raise CannotCheck("--since is not before --until")
    conversations = options["conversation"]
    scope = Scope(frozenset(conversations) if conversations else None, since, until)
    is_live = database in (None, environment().mongodb_database)
    with nullcontext() if is_live else using_database(database):
        return reconcile(
            environment(),
            scope,
            group_id=options["group"],
            mend=options["repair"],
            is_live=is_live,
            limit=options["limit"],
        )


def _conversation_id(text: str) -> str:
    return canonical_id(some_text(text))

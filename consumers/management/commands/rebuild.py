"""`manage.py rebuild`: a second database, from the log and what is older than it."""

import sys
from typing import Any

import msgspec
from confluent_kafka import KafkaException
from django.core.management.base import CommandError, CommandParser
from pymongo.errors import PyMongoError
from tqdm import tqdm
from typing_extensions import override

from chat_project.arguments import some_text
from chat_project.commands import ProductCommand
from chat_project.mongodb import described, using_database
from chat_project.settings.environment import environment
from consumers.audit import CannotCheck, Report, Scope, reconcile
from consumers.audit.report import as_text
from consumers.confirmation import confirm
from consumers.errors import ConsumerError, Refused
from consumers.rebuild.rebuilding import Progress, Rebuilt, rebuild
from consumers.turns import taking_turns


class Command(ProductCommand):
    help = (
        "Builds a second database on the same server: copies what the log does not hold, applies"
        " the log, audits the result, and compares its numbers with the live ones. The live"
        " database is only read, but for a lease: not beside purge_messages and erase_person. Exit 0:"
        " equal; 1: not to the end (drop it), or with differences; 2: wrong arguments, or refused;"
        " 75: another run of it, or one of these, works."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--into",
            required=True,
            type=some_text,
            metavar="DATABASE",
            help="an empty or absent database",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--json", action="store_true", help="one JSON document for machines")

    @override
    def handle(self, **options: Any) -> None:
        into = options["into"]
        live = environment().mongodb_database
        try:
            confirm(f"Rebuild {live} as {into}", yes=options["yes"])
            with taking_turns("rebuild"):
                rebuilt = _rebuild(into)
            report = _audit(rebuilt)
        except Refused as error:
            raise CommandError(str(error), returncode=2) from error
        except (CannotCheck, ConsumerError, KafkaException, OSError) as error:
            raise CommandError(f"not rebuilt; drop {into} if it is there: {error}") from error
        except PyMongoError as error:
            why = described(error)
            raise CommandError(f"not rebuilt; drop {into} if it is there: {why}") from error
        if options["json"]:
            told = {**msgspec.to_builtins(rebuilt), "audit": report}
            self.stdout.write(msgspec.json.encode(told).decode())
        else:
            self._print(rebuilt, report)
        if not report.is_clean:
            raise CommandError(f"{into} differs from the log: do not use it")
        if rebuilt.renumbered:
            raise CommandError(
                f"{rebuilt.renumbered} messages of {into} have other numbers than in {live}, and"
                " read positions would mean others: do not use it"
            )

    def _print(self, rebuilt: Rebuilt, report: Report) -> None:
        ends = ", ".join(f"{partition}: {end}" for partition, end in rebuilt.up_to.items())
        since = rebuilt.started_at.isoformat(timespec="seconds")
        self.stdout.write(
            f"{rebuilt.copied} messages copied, {rebuilt.applied} records applied,"
            f" {rebuilt.dead} dead letters among them; {rebuilt.renumbered} messages have other"
            " numbers than in the live database.\n" + "\n".join(as_text(report)) + "\n"
            f"{rebuilt.database} holds the log up to these offsets by partition: {ends}.\n"
            "What was sent, founded or changed since is in the live database only.\n"
            "To use it: pause sending, stop the consumers, set MONGODB_DATABASE="
            f"{rebuilt.database} everywhere,\nmanage.py replay --from a minute before {since},"
            " then start the consumers."
        )


def _audit(rebuilt: Rebuilt) -> Report:
    """The rebuilt database against the log as far as it was applied, without the live cache."""
    with using_database(rebuilt.database):
        return reconcile(environment(), Scope(up_to=rebuilt.up_to), with_cache=False)


def _rebuild(into: str) -> Rebuilt:
    with tqdm(unit="records", disable=None, file=sys.stderr) as bar:

        def set_total(records: int) -> None:
            bar.total = records
            bar.refresh()

        return rebuild(environment(), into, Progress(set_total, bar.update))

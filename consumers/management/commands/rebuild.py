"""`manage.py rebuild`: a second database, from the log and what is older than it."""

import sys
from typing import Any

import msgspec
from confluent_kafka import KafkaException
from django.core.management.base import BaseCommand, CommandError, CommandParser
from pymongo.errors import PyMongoError
from tqdm import tqdm
from typing_extensions import override

from chat_project.settings.environment import environment
from consumers.confirmation import confirm
from consumers.errors import Refused, RetryLater, StopConsuming
from consumers.rebuild.rebuilding import Progress, Rebuilt, rebuild


class Command(BaseCommand):
    help = (
        "Builds a second database on the same server: copies what the log does not hold, applies"
        " the log. The live database is only read. Exit 0: done; 1: not to the end (drop it);"
        " 2: wrong arguments, or refused."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--into", required=True, metavar="DATABASE", help="an empty or absent database"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--json", action="store_true", help="one JSON document for machines")

    @override
    def handle(self, **options: Any) -> None:
        into = options["into"]
        live = environment().mongodb_database
        try:
            confirm(f"Rebuild {live} as {into}", yes=options["yes"])
            rebuilt = _rebuild(into)
        except Refused as error:
            raise CommandError(str(error), returncode=2) from error
        except (RetryLater, StopConsuming, KafkaException, PyMongoError) as error:
            raise CommandError(f"not rebuilt; drop {into} if it is there: {error}") from error
        if options["json"]:
            self.stdout.write(msgspec.json.encode(rebuilt).decode())
        else:
            self._print(rebuilt)

    def _print(self, rebuilt: Rebuilt) -> None:
        ends = ", ".join(f"{partition}: {end}" for partition, end in rebuilt.up_to.items())
        since = rebuilt.started_at.isoformat(timespec="seconds")
        self.stdout.write(
            f"{rebuilt.copied} messages copied, {rebuilt.applied} records applied,"
            f" {rebuilt.dead} dead letters among them.\n"
            f"{rebuilt.database} holds the log up to these offsets by partition: {ends}.\n"
            "What was sent, founded or changed since is in the live database only.\n"
            "To use it: pause sending, stop the consumers, set MONGODB_DATABASE="
            f"{rebuilt.database} everywhere,\nmanage.py replay --from a minute before {since},"
            " then start the consumers."
        )


def _rebuild(into: str) -> Rebuilt:
    with tqdm(unit="records", disable=None, file=sys.stderr) as bar:

        def set_total(records: int) -> None:
            bar.total = records
            bar.refresh()

        return rebuild(environment(), into, Progress(set_total, bar.update))

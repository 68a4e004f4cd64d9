"""`manage.py rebuild_search`: the search, from the messages that are stored."""

import sys
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from pymongo.errors import PyMongoError
from tqdm import tqdm
from typing_extensions import override

from chat_project.commands import ProductCommand
from chat_project.mongodb import described
from consumers.errors import ConsumerError
from consumers.search.rebuilding import RebuiltSearch, rebuild_search


class Command(ProductCommand):
    help = (
        "Makes the search anew from the stored messages, in place: searching, index_messages and"
        " consume_messages go on meanwhile. Prints what was changed. Exit 0: done; 1: MongoDB is"
        " away, or refuses: run it again; 2: wrong arguments."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document for machines")

    @override
    def handle(self, **options: Any) -> None:
        try:
            rebuilt = _rebuild()
        except ConsumerError as error:
            raise CommandError(f"not to the end, run it again: {error}") from error
        except PyMongoError as error:
            raise CommandError(f"not to the end, run it again: {described(error)}") from error
        if options["json"]:
            self.stdout.write(msgspec.json.encode(rebuilt).decode())
        else:
            self.stdout.write(
                f"{rebuilt.messages} messages are in the search: {rebuilt.added} added,"
                f" {rebuilt.corrected} corrected, {rebuilt.unchanged} as they were;"
                f" {rebuilt.removed} that are not stored were removed."
            )


def _rebuild() -> RebuiltSearch:
    with tqdm(unit="documents", disable=None, file=sys.stderr) as bar:

        def set_total(documents: int) -> None:
            bar.total = documents
            bar.refresh()

        return rebuild_search(on_total=set_total, on_read=bar.update)

"""`manage.py export_conversation`: everything that is kept of a conversation, sealed."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm
from typing_extensions import override

from chat_project.arguments import some_text
from chat_project.commands import ProductCommand
from chat_project.identifiers import canonical_id
from consumers.evidence import door
from consumers.evidence.exporting import Exported, Order, export_conversation


class Command(ProductCommand):
    help = (
        "Exports a conversation: messages with earlier texts, deletions as placeholders, reactions,"
        " pins, participants with roles and read positions, and attachments. Writes a manifest with"
        f" SHA-256 digests, and an entry of audit_log.{door.EXITS}"
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "conversation", nargs="?", type=some_text, metavar="ID", help="of the conversation"
        )
        door.add_options(parser)

    @override
    def handle(self, **options: Any) -> None:
        if not options["conversation"] and options["verify"] is None:
            raise CommandError("say which conversation: its id, or --verify DIR", returncode=2)

        def export(order: Order) -> Exported:
            with tqdm(unit=" messages", disable=None, file=sys.stderr) as bar:
                id_ = canonical_id(options["conversation"])
                return export_conversation(id_, order, on_messages=bar.update)

        door.run(self, options, export)

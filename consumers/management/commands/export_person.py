"""`manage.py export_person`: what is kept of a person, sealed."""

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm
from typing_extensions import override

from chat_project.arguments import some_text
from chat_project.commands import ProductCommand
from chat_project.identifiers import canonical_id
from consumers.evidence import door
from consumers.evidence.exporting import Exported, Order, export_person
from consumers.tenants import Subject, count_conversations


class Command(ProductCommand):
    help = (
        "Exports what is kept of a person of a school: their messages, memberships and reactions, and"
        " where they were mentioned; of other people only what their own texts and quotes say. Writes a"
        f" manifest with SHA-256 digests, and an entry of audit_log.{door.EXITS}"
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", type=some_text, metavar="T", help="the school")
        parser.add_argument("--user", type=some_text, metavar="U", help="the person")
        door.add_options(parser)

    @override
    def handle(self, **options: Any) -> None:
        if options["verify"] is None and not (options["tenant"] and options["user"]):
            raise CommandError("say who: --tenant and --user, or --verify DIR", returncode=2)

        def export(order: Order) -> Exported:
            subject = Subject(canonical_id(options["tenant"]), canonical_id(options["user"]))
            total = count_conversations(subject.tenant_id)
            with tqdm(total=total, unit=" conversations", disable=None, file=sys.stderr) as bar:
                return export_person(subject, order, on_conversations=bar.update)

        door.run(self, options, export)

"""`manage.py import_history`: the conversations of the replaced system, from its MongoDB."""

import os
import sys
from collections.abc import Mapping
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from pymongo.errors import PyMongoError
from tqdm import tqdm
from typing_extensions import override

from chat_project.api.errors import Unavailable
from chat_project.arguments import some_path, some_text
from chat_project.commands import ProductCommand
from chat_project.identifiers import canonical_id
from chat_project.mongodb import described
from chat_project.running_alone import running_alone
from chat_project.settings.environment import environment
from consumers.errors import ConsumerError, Refused
from consumers.history.files import file_source
from consumers.history.importing import Options, Progress, import_history
from consumers.history.report import Fate, Outcome, as_text
from consumers.history.source import Source

DEFAULT_DATABASE = "emis_chat"
"""The replaced system's own name for it."""


class Command(ProductCommand):
    help = (
        "Brings the conversations, messages and files of the replaced system in, from its MongoDB,"
        " which is only read: docs/moving.md. May be killed and run again; what is brought already"
        " is left alone. Exit 0: everything is brought that can be; 1: conversations were refused,"
        " or not to the end (run it again); 2: wrong arguments, or refused; 75: another run works."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--source-uri",
            type=some_text,
            metavar="URI",
            help="the replaced system's MongoDB; with a password better by HISTORY_MONGODB_URI",
        )
        parser.add_argument(
            "--source-database",
            type=some_text,
            default=DEFAULT_DATABASE,
            metavar="NAME",
            help=f"its database (default: {DEFAULT_DATABASE})",
        )
        parser.add_argument("--tenant", type=_tenant_id, metavar="ID", help="only this school")
        parser.add_argument(
            "--files-from",
            type=some_text,
            metavar="PLACE",
            help="bring the files too: a folder with a copy of the bucket, or s3://bucket (with"
            " HISTORY_FILES_ENDPOINT_URL, …_ACCESS_KEY, …_SECRET_KEY)",
        )
        parser.add_argument(
            "--report",
            type=some_path,
            metavar="FILE",
            help="append each remark as a line of JSON, with what was not brought",
        )
        parser.add_argument("--dry-run", action="store_true", help="read and tell, write nothing")
        parser.add_argument("--json", action="store_true", help="one JSON document for machines")

    @override
    def handle(self, **options: Any) -> None:
        try:
            outcome = _imported(options)
        except Refused as error:
            raise CommandError(str(error), returncode=2) from error
        except PyMongoError as error:
            raise CommandError(f"not to the end, run it again: {described(error)}") from error
        except (ConsumerError, Unavailable, OSError) as error:
            raise CommandError(f"not to the end, run it again: {error}") from error
        if options["json"]:
            self.stdout.write(msgspec.json.encode(outcome).decode())
        else:
            for line in as_text(outcome):
                self.stdout.write(line)
        if refused := outcome.conversations[Fate.REFUSED]:
            raise CommandError(
                f"{refused} conversations were refused: this service has them already (--report"
                " FILE names them)"
            )


def _imported(options: Mapping[str, Any]) -> Outcome:
    uri = options["source_uri"] or environment().history_mongodb_uri
    if not uri:
        raise Refused("where is the replaced system? set HISTORY_MONGODB_URI, or give --source-uri")
    given = options["files_from"]
    files = file_source(given, environment()) if given else None
    dry_run = options["dry_run"]
    with (
        nullcontext() if dry_run else running_alone("import_history"),
        closing(Source(uri, options["source_database"])) as source,
        _report_file(options["report"]) as report,
        tqdm(unit="messages", unit_scale=True, disable=None, file=sys.stderr) as bar,
    ):

        def set_total(messages: int) -> None:
            bar.total = messages
            bar.refresh()

        chosen = Options(options["tenant"], dry_run, files, report)
        return import_history(source, chosen, Progress(set_total, bar.update))


def _report_file(path: Path | None) -> Any:
    """A new one is for its owner alone: it holds what people wrote. Raises Refused for one that
    cannot be written."""
    if path is None:
        return nullcontext()
    try:
        return open(path, "a", encoding="utf-8", opener=partial(os.open, mode=0o600))
    except OSError as error:
        raise Refused(f"--report: {error}") from error


def _tenant_id(text: str) -> str:
    return canonical_id(some_text(text))

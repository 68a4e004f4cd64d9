"""`manage.py erase_person`: what somebody wrote and is called, gone everywhere."""

import sys
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from pymongo.errors import PyMongoError
from tqdm import tqdm
from typing_extensions import override

from chat_project.api.errors import Unavailable
from chat_project.arguments import some_text
from chat_project.commands import ProductCommand
from chat_project.identifiers import canonical_id
from chat_project.mongodb import described
from chat_project.settings.environment import environment
from consumers.arguments import full_name, whole_number
from consumers.confirmation import confirm
from consumers.erasure.erasing import Erased, Waiting, erase, look
from consumers.errors import Refused, RetryLater, StopConsuming
from consumers.tenants import Subject, count_conversations
from consumers.turns import taking_turns

DEFAULT_WAIT_SECONDS = 600


class Command(ProductCommand):
    help = (
        "Deletes what a person of a school wrote, with files and edits, and puts a neutral name"
        " wherever they are named; ids, numbers and roles stay. Needs running consumers, may run"
        " beside everything but purge_messages and rebuild, and again. Exit 0: nothing is left; 1:"
        " not to the end (a server is away, consumers do not handle it, conversations are held back):"
        " run it again; 2: wrong arguments, or not confirmed; 75: another run of it, or one of these,"
        " works."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", type=some_text, required=True, metavar="T")
        parser.add_argument("--user", type=some_text, required=True, metavar="U")
        parser.add_argument(
            "--by", type=some_text, metavar="NAME", help="who orders it; needed but for --dry-run"
        )
        parser.add_argument(
            "--reason", type=some_text, metavar="TEXT", help="kept in audit_log, as --by"
        )
        parser.add_argument(
            "--name",
            type=full_name,
            action="append",
            default=[],
            metavar="NAME",
            help="what else they were called, of two words or more: of one who has only read and was"
            " removed, nothing but a System message may tell; may be given several times",
        )
        parser.add_argument("--dry-run", action="store_true", help="only count what there is")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "--wait-seconds",
            type=whole_number(1, 86_400),
            default=DEFAULT_WAIT_SECONDS,
            metavar="S",
            help=f"how long the consumers may take (default: {DEFAULT_WAIT_SECONDS})",
        )
        parser.add_argument(
            "--group", type=some_text, help="the consumers' group (default: KAFKA_GROUP_ID)"
        )
        parser.add_argument("--json", action="store_true", help="one JSON document for machines")

    @override
    def handle(self, **options: Any) -> None:
        try:
            with taking_turns("erase_person"):
                erased = self._erase(options)
        except Refused as error:
            raise CommandError(str(error), returncode=2) from error
        except PyMongoError as error:
            raise CommandError(f"not to the end, run it again: {described(error)}") from error
        except (RetryLater, StopConsuming, Unavailable) as error:
            raise CommandError(f"not to the end, run it again: {error}") from error
        if options["json"]:
            told = {"dryRun": options["dry_run"], **msgspec.to_builtins(erased)}
            self.stdout.write(msgspec.json.encode(told).decode())
        else:
            self.stdout.write(_line(erased, dry_run=options["dry_run"]))
        if erased.held and not options["dry_run"]:
            raise CommandError(
                "not to the end: these conversations are held back (manage.py retention --release):"
                f" {', '.join(erased.held[:10])}"
            )

    def _erase(self, options: dict[str, Any]) -> Erased:
        subject = Subject(canonical_id(options["tenant"]), canonical_id(options["user"]))
        total = count_conversations(subject.tenant_id)
        if not total:
            raise Refused(f"--tenant: the school {subject.tenant_id} has no conversations")
        if options["dry_run"]:
            with _bar(2 * total) as bar:
                return look(subject, options["name"], on_conversations=bar.update)
        if not (options["by"] and options["reason"]):
            raise Refused("--by and --reason are needed: an erasure is noted in audit_log")
        confirm(f"Erase {subject.user_id} of {subject.tenant_id} for ever", yes=options["yes"])
        waiting = Waiting(options["group"] or environment().kafka_group_id, options["wait_seconds"])
        with _bar(None) as bar:  # it looks at all conversations until a look finds nothing
            return erase(
                environment(),
                subject,
                options["name"],
                by=options["by"],
                reason=options["reason"],
                waiting=waiting,
                on_conversations=bar.update,
            )


def _bar(total: int | None) -> Any:
    return tqdm(total=total, unit=" conversations", disable=None, file=sys.stderr)


def _line(erased: Erased, *, dry_run: bool) -> str:
    verb = "would be" if dry_run else "were"
    told = (
        f"{erased.user_id} of {erased.tenant_id}: {erased.changes} messages {verb} deleted or"
        f" reworded in {erased.conversations} conversations"
    )
    if not dry_run:
        told += (
            f"; {erased.names} names, {erased.files} files and {erased.dead_letters} dead letters"
            " removed"
        )
    if erased.held:
        told += f"; {len(erased.held)} conversations are held back"
    return told

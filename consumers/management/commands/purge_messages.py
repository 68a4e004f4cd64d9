"""`manage.py purge_messages`: removes what schools keep no longer."""

import sys
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from pymongo.errors import PyMongoError
from tqdm import tqdm
from typing_extensions import override

from chat_project.api.errors import Unavailable
from chat_project.arguments import some_text
from chat_project.audit_log import operating_system_user
from chat_project.commands import ProductCommand
from chat_project.identifiers import canonical_id
from chat_project.mongodb import described
from chat_project.settings.environment import environment
from chat_project.timestamps import format_timestamp, now
from consumers.arguments import iso_time
from consumers.confirmation import confirm
from consumers.errors import Refused, RetryLater, StopConsuming
from consumers.retention.horizon import Horizon, read_horizon
from consumers.retention.purging import Purged
from consumers.retention.running import Plan, plans, plans_of_all, run
from consumers.tenants import count_conversations
from consumers.turns import taking_turns


class Command(ProductCommand):
    help = (
        "Removes messages that are older than their school keeps them (manage.py retention), with"
        " their files: from the oldest on, and only what the log holds no longer. May run beside"
        " everything but erase_person and rebuild, and again after it broke off. Exit 0: done; 1: a"
        " server is away, or not to the end (run it again); 2: wrong arguments, or refused: of"
        " several schools the one whose retention is too short by now, and the others are purged; 75:"
        " another run of it, or one of these, works."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--tenant", type=some_text, metavar="T", help="only this school (default: all)"
        )
        parser.add_argument(
            "--before",
            type=iso_time,
            metavar="TIME",
            help="what was sent before this time (ISO-8601), whatever the school keeps; with --tenant",
        )
        parser.add_argument("--dry-run", action="store_true", help="only count what would go")
        parser.add_argument("--yes", action="store_true", help="do not ask, with --before")
        parser.add_argument("--by", type=some_text, metavar="NAME", default=operating_system_user())
        parser.add_argument("--json", action="store_true", help="one JSON document for machines")

    @override
    def handle(self, **options: Any) -> None:
        try:
            with taking_turns("purge_messages"):
                self._purge(options)
        except Refused as error:
            raise CommandError(str(error), returncode=2) from error
        except PyMongoError as error:
            raise CommandError(f"not to the end, run it again: {described(error)}") from error
        except (RetryLater, StopConsuming, Unavailable) as error:
            raise CommandError(f"not to the end, run it again: {error}") from error

    def _purge(self, options: dict[str, Any]) -> None:
        if options["before"] and not options["tenant"]:
            raise Refused("--before goes with --tenant: say which school's messages")
        horizon = read_horizon(environment())
        if options["tenant"]:
            self._run(_plans_of_one(horizon, options), horizon, options)
            return
        planned, refused = plans_of_all(horizon, now=now())
        self._run(planned, horizon, options)
        if refused:
            raise Refused(f"these schools were left out: {'; '.join(map(str, refused))}")
        if not planned and not options["json"]:
            self.stdout.write("no school has a retention: nothing to purge")

    def _run(self, planned: list[Plan], horizon: Horizon, options: dict[str, Any]) -> None:
        done: list[Purged] = []
        dry_run = options["dry_run"]
        try:
            with _bar(planned) as bar:
                running = run(
                    planned,
                    horizon,
                    dry_run=dry_run,
                    by=options["by"],
                    on_conversations=bar.update,
                )
                for purged in running:
                    done.append(purged)
                    if not options["json"]:
                        self.stdout.write(_line(purged, dry_run=dry_run))
        finally:  # what was done is told, also when a server went away in the middle
            if options["json"]:
                told = {"dryRun": dry_run, "tenants": done}
                self.stdout.write(msgspec.json.encode(told).decode())


def _plans_of_one(horizon: Horizon, options: dict[str, Any]) -> list[Plan]:
    tenant_id, before = canonical_id(options["tenant"]), options["before"]
    planned = plans(horizon, now=now(), tenant_id=tenant_id, before=before)
    if before and not options["dry_run"]:
        question = f"Remove all messages of {tenant_id} before {before.isoformat()}"
        confirm(question, yes=options["yes"])
    return planned


def _bar(planned: list[Plan]) -> Any:
    total = sum(count_conversations(plan.tenant_id) for plan in planned)
    return tqdm(total=total, unit=" conversations", disable=None, file=sys.stderr)


def _line(purged: Purged, *, dry_run: bool) -> str:
    verb = "would remove" if dry_run else "removed"
    told = (
        f"{purged.tenant_id}: {verb} {purged.messages} messages before"
        f" {format_timestamp(purged.before)} of {purged.conversations} conversations, with"
        f" {purged.files} files"
    )
    if purged.waiting:
        told += f"; {purged.waiting} conversations keep older ones until the log has expired"
    if purged.held:
        told += f"; {purged.held} are held"
    return told

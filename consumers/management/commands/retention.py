"""`manage.py retention`: how long schools keep their messages, and what is held back."""

from argparse import ArgumentTypeError
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from pymongo.errors import PyMongoError
from typing_extensions import override

from chat_project.api.errors import NotFound
from chat_project.arguments import some_text
from chat_project.audit_log import operating_system_user
from chat_project.commands import ProductCommand
from chat_project.identifiers import canonical_id
from chat_project.mongodb import described
from chat_project.settings.environment import environment
from consumers.arguments import whole_number
from consumers.errors import Refused, RetryLater, StopConsuming
from consumers.retention.horizon import read_horizon
from conversations.services import retention

FOR_EVER = "forever"
MOST_DAYS = 36_500


def days_or_forever(text: str) -> int | None:
    if text == FOR_EVER:
        return None
    try:
        return whole_number(1, MOST_DAYS)(text)
    except ArgumentTypeError as error:
        raise ArgumentTypeError(f"{error}, or {FOR_EVER}") from None


class Command(ProductCommand):
    help = (
        "Shows how long schools keep their messages; sets it for one (--tenant and --days); holds a"
        " conversation back from purging and erasing. Every change is noted in audit_log. Exit 0:"
        " done; 1: a server is away, or no such conversation; 2: wrong arguments, or a retention"
        " shorter than what the log can bring back."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", type=some_text, metavar="T", help="only this school")
        parser.add_argument(
            "--days",
            type=days_or_forever,
            default=...,
            metavar="N|forever",
            help=f"keep messages of --tenant for so many days (up to {MOST_DAYS}), or for ever",
        )
        parser.add_argument(
            "--hold",
            type=some_text,
            metavar="ID",
            help="purge and erase nothing in this conversation",
        )
        parser.add_argument(
            "--release", type=some_text, metavar="ID", help="end the hold of this conversation"
        )
        parser.add_argument("--by", type=some_text, metavar="NAME", default=operating_system_user())
        parser.add_argument("--reason", type=some_text, metavar="TEXT", help="kept in audit_log")
        parser.add_argument("--json", action="store_true", help="one JSON document for machines")

    @override
    def handle(self, **options: Any) -> None:
        try:
            self._change(options)
            self._show(options)
        except Refused as error:
            raise CommandError(str(error), returncode=2) from error
        except NotFound as error:
            raise CommandError(f"{error.message}") from error
        except (RetryLater, StopConsuming) as error:
            raise CommandError(str(error)) from error
        except PyMongoError as error:
            raise CommandError(described(error)) from error

    def _change(self, options: dict[str, Any]) -> None:
        why = {"by": options["by"], "reason": options["reason"]}
        if options["days"] is not ...:
            if not options["tenant"]:
                raise Refused("--days goes with --tenant: say which school keeps so long")
            _check_days(options["days"])
            retention.set_retention(options["tenant"], options["days"], **why)
        if options["hold"]:
            retention.hold(options["hold"], **why)
        if options["release"]:
            retention.release(options["release"], **why)

    def _show(self, options: dict[str, Any]) -> None:
        kept: dict[str, int | None] = {**retention.retentions()}
        if options["tenant"]:
            tenant_id = canonical_id(options["tenant"])
            kept = {tenant_id: kept.get(tenant_id)}
        if options["json"]:
            told = [{"tenantId": id_, "days": days} for id_, days in kept.items()]
            self.stdout.write(msgspec.json.encode(told).decode())
            return
        for id_, days in kept.items():
            self.stdout.write(f"{id_}: {'for ever' if days is None else f'{days} days'}")
        if not kept:
            self.stdout.write("every school keeps its messages for ever")


def _check_days(days: int | None) -> None:
    if days is None:
        return
    least = read_horizon(environment()).least_days
    if days < least:
        raise Refused(
            f"--days {days} is too short: at least {least}, the retention of the message topic and"
            " one day"
        )

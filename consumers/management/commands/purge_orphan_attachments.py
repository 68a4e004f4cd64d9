"""`manage.py purge_orphan_attachments`: removes files that no message needs any more."""

import sys
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser
from pymongo.errors import PyMongoError
from tqdm import tqdm
from typing_extensions import override

from chat_project.api.errors import Unavailable
from chat_project.commands import ProductCommand
from chat_project.mongodb import described
from chat_project.redis import RedisAway
from chat_project.running_alone import Lease, running_alone
from chat_project.settings.environment import environment
from chat_project.timestamps import now
from consumers.arguments import whole_number
from consumers.errors import Refused, RetryLater
from consumers.orphans import Unneeded, purge
from consumers.retention.horizon import read_least_days
from messaging.attachments import uploads


class Command(ProductCommand):
    help = (
        "Removes the files of deleted messages, and those whose message never came: it is neither"
        " stored nor in the dead letters, and nothing expects it. May run beside uploads, and again"
        " after it broke off. Exit 0: done; 1: a server or the storage is away; 2: wrong arguments, or"
        " refused: the log may still bring such messages; 75: another run of it works."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--older-than-hours",
            type=whole_number(1, 100_000),
            metavar="N",
            help="leave younger uploads alone; at least, and by default, a day more than the message"
            " topic keeps its records. Files of deleted messages go at any age",
        )
        parser.add_argument("--dry-run", action="store_true", help="only tell what would go")

    @override
    def handle(self, **options: Any) -> None:
        try:
            with running_alone("purge_orphan_attachments") as lease:
                idle_since = now() - _idle_for(options["older_than_hours"])
                self._purge(idle_since, lease, dry_run=options["dry_run"])
        except Refused as error:
            raise CommandError(str(error), returncode=2) from error
        except PyMongoError as error:
            raise CommandError(f"not to the end, run it again: {described(error)}") from error
        except (RedisAway, RetryLater, Unavailable) as error:
            raise CommandError(f"not to the end, run it again: {error}") from error

    def _purge(self, idle_since: datetime, lease: Lease, *, dry_run: bool) -> None:
        verb = "would remove" if dry_run else "removed"
        removed: list[Unneeded] = []
        try:
            with tqdm(total=uploads.count(), unit="uploads", disable=None, file=sys.stderr) as bar:
                for each in purge(idle_since, dry_run=dry_run, on_progress=bar.update):
                    removed.append(each)
                    self.stdout.write(f"{verb} {each.name}, {each.size} bytes: {each.why.value}")
                    lease.check()
        finally:
            self.stdout.write(_summary(removed, verb))


def _idle_for(hours: int | None) -> timedelta:
    """As long as given; a message that the log still holds may come."""
    least = 24 * read_least_days(environment())
    if hours is not None and hours < least:
        raise Refused(
            f"--older-than-hours {hours} is too short: at least {least} hours, the retention of the"
            " message topic and one day"
        )
    return timedelta(hours=hours or least)


def _summary(removed: list[Unneeded], verb: str) -> str:
    reasons = Counter(each.why.value for each in removed)
    details = "".join(f"; {count}: {why}" for why, count in reasons.most_common())
    return f"{verb} {len(removed)} files, {sum(each.size for each in removed)} bytes{details}"

"""`manage.py replay`: records of the message topic, or of another one, are handled again."""

import sys
from typing import Any

import msgspec
from confluent_kafka import KafkaException
from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm
from typing_extensions import override

from chat_project.arguments import some_text
from chat_project.commands import ProductCommand
from chat_project.settings.environment import environment
from consumers.arguments import whole_number
from consumers.confirmation import confirm
from consumers.errors import Refused, RetryLater, StopConsuming
from consumers.replay.applying import Applied
from consumers.replay.plan import Move, starting_point
from consumers.replay.replaying import plan_replay, refuse_group_in_use, replay_live, send_back


class Command(ProductCommand):
    help = (
        "Sends the stopped consumer group back in the message topic, or with --topic in another;"
        " its consumers then handle the records again. With --live: handles them in this process, the consumers may run. Exit 0:"
        " done, or nothing to replay; 1: not done, or not to the end; 2: wrong arguments, or"
        " refused (also: no such topic, or a group that has committed nothing)."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--from",
            dest="start",
            required=True,
            type=starting_point,
            metavar="WHEN",
            help="beginning, an ISO-8601 time (the broker's), or an offset",
        )
        parser.add_argument(
            "--partition",
            dest="partitions",
            action="append",
            default=[],
            type=whole_number(0, 999),
            help="only this one; may be repeated (default: all)",
        )
        parser.add_argument(
            "--topic",
            choices=environment().subscribed_topics,
            default=environment().message_topic,
            help="which of KAFKA_TOPICS (default: the message topic)",
        )
        parser.add_argument(
            "--group", type=some_text, help="consumer group (default: KAFKA_GROUP_ID)"
        )
        parser.add_argument(
            "--live", action="store_true", help="apply here, and leave the group as it is"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--dry-run", action="store_true", help="only print what would be done")
        parser.add_argument("--json", action="store_true", help="one JSON document for machines")

    @override
    def handle(self, **options: Any) -> None:
        try:
            self._replay(**options)
        except Refused as error:
            raise CommandError(str(error), returncode=2) from error
        except (RetryLater, StopConsuming, KafkaException) as error:
            raise CommandError(str(error)) from error

    def _replay(self, *, live: bool, dry_run: bool, **options: Any) -> None:
        group_id = options["group"] or environment().kafka_group_id
        if not live and not dry_run:
            refuse_group_in_use(environment(), group_id)
        topic = options["topic"]
        moves = plan_replay(
            environment(), group_id, options["start"], options["partitions"], topic=topic
        )
        applied = None
        if not options["json"]:
            self._print(moves)
        records = sum(move.records for move in moves)
        if records and not dry_run:
            confirm(f"Handle {records} records of {group_id} again", yes=options["yes"])
            if live:
                applied = _live(group_id, moves, records, topic)
            else:
                send_back(environment(), group_id, moves, topic=topic)
        self._tell(moves, applied, group_id, dry_run=dry_run, as_json=options["json"])

    def _print(self, moves: list[Move]) -> None:
        self.stdout.write(f"{'partition':>9} {'committed':>12} {'new':>12} {'records':>10}")
        for move in moves:
            committed, new = ("-" if o is None else o for o in (move.committed, move.new))
            self.stdout.write(f"{move.partition:9} {committed:>12} {new:>12} {move.records:10}")
            if move.expired:
                self.stderr.write(f"partition {move.partition}: {move.expired} offsets expired")

    def _tell(
        self,
        moves: list[Move],
        applied: Applied | None,
        group_id: str,
        *,
        dry_run: bool,
        as_json: bool,
    ) -> None:
        if as_json:
            document = {"group": group_id, "dryRun": dry_run, "partitions": moves}
            answer = document | ({"applied": applied} if applied else {})
            self.stdout.write(msgspec.json.encode(answer).decode())
        elif not any(move.records for move in moves):
            self.stdout.write(f"nothing to replay: {group_id} has handled no record from there on")
        elif dry_run:
            self.stdout.write("nothing was changed")
        elif applied is None:
            self.stdout.write(f"{group_id} was sent back; start its consumers")
        else:
            self.stdout.write(
                f"{applied.records} records applied: {applied.stored} stored,"
                f" {applied.duplicates} duplicates, {applied.dead} dead letters, {applied.done}"
                " below their conversation's mark and not looked at"
            )


def _live(group_id: str, moves: list[Move], records: int, topic: str) -> Applied:
    with tqdm(total=records, unit="records", disable=None, file=sys.stderr) as bar:
        return replay_live(environment(), group_id, moves, on_progress=bar.update, topic=topic)

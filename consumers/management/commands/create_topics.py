"""`manage.py create_topics`: makes missing topics, tells how others differ, adds partitions."""

from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from pymongo.errors import PyMongoError
from typing_extensions import override

from chat_project.commands import ProductCommand
from chat_project.interrupting import signals_as_interrupt
from chat_project.mongodb import described
from chat_project.settings.environment import environment
from consumers.accepting import TakenOver
from consumers.arguments import whole_number
from consumers.confirmation import confirm
from consumers.errors import Refused, RetryLater
from consumers.growth import (
    MAX_PARTITIONS,
    QUIET_SECONDS,
    GrowthRefused,
    NotQuiet,
    Times,
    TopicGrowth,
    resume_accepting,
)
from messaging.errors import KafkaAway
from messaging.topics import WANTED_REPLICATION_FACTOR, TopicAdministration, planned_topics

WARNING = """\
{topic} grows from {old} to {new} partitions:
- POST /messages answers 503 from now on, until each API process runs with KAFKA_PARTITIONS={new};
- consumers go on until all is handled, then must be started again with KAFKA_PARTITIONS={new};
- pause other producers yourself (the .NET services): their clients learn the new number late, and
  such records become dead letters (wrong_partition), which dead_letters retry mends.
"""


class TopicReport(msgspec.Struct, frozen=True, rename="camel"):
    """What became of one topic, for machines."""

    topic: str
    created: bool
    partitions: int
    """As it should have."""
    differences: list[str]


class Command(ProductCommand):
    help = (
        "Creates the message topic, its dead-letter topic and the roster's topic; existing ones are left alone, and"
        " their differences told (exit 0). With --partitions: adds partitions in a pause (exit 0"
        " when they are there). Exit 1: Kafka or MongoDB is away, or the log did not come to"
        " rest; run it again. Exit 2: wrong arguments, or a guard refuses."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON document for machines")
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--partitions",
            type=whole_number(1, MAX_PARTITIONS),
            metavar="N",
            help="grow the topics to N, a multiple of what they have; again after a crash: goes on",
        )
        what.add_argument(
            "--resume-accepting",
            action="store_true",
            help="end the pause of a growth that was given up before it was noted",
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before growing")
        parser.add_argument(
            "--quiet-seconds",
            type=whole_number(0, 3_600),
            default=int(QUIET_SECONDS),
            metavar="S",
            help="how long no record may come before the topic grows (default: 33)",
        )
        parser.add_argument(
            "--wait-seconds",
            type=whole_number(1, 86_400),
            default=600,
            metavar="W",
            help="give up, and accept again, after so long (default: 600)",
        )

    @override
    def handle(self, **options: Any) -> None:
        try:
            if options["partitions"] is not None:
                self._grow(options)
            elif options["resume_accepting"]:
                self._resume(as_json=options["json"])
            else:
                self._create_and_compare(as_json=options["json"])
        except GrowthRefused as error:
            raise CommandError(str(error), returncode=2) from error
        except KeyboardInterrupt as error:
            raise CommandError("interrupted; run it again, or --resume-accepting") from error
        except (NotQuiet, TakenOver, RetryLater) as error:
            raise CommandError(str(error)) from error
        except Refused as error:
            raise CommandError(str(error), returncode=2) from error
        except PyMongoError as error:
            raise CommandError(described(error)) from error
        except KafkaAway as error:
            servers = environment().kafka_bootstrap_servers
            raise CommandError(f"{error} (KAFKA_BOOTSTRAP_SERVERS is {servers})") from error

    def _create_and_compare(self, *, as_json: bool) -> None:
        administration = TopicAdministration(environment().kafka_connection())
        brokers = administration.broker_count()
        if brokers < WANTED_REPLICATION_FACTOR:
            self.stderr.write(
                f"warning: {brokers} broker(s), so new topics get replication factor {brokers}"
                f" instead of {WANTED_REPLICATION_FACTOR}: a lost disk can lose messages"
            )
        plans = planned_topics(environment(), brokers=brokers)
        created = administration.create_missing(plans)
        reports = []
        for plan in plans:
            is_new = plan in created
            differences = [] if is_new else [*administration.differences(plan)]
            reports.append(TopicReport(plan.name, is_new, plan.partitions, differences))
            if not as_json:
                made = f": {plan.partitions} partitions, replication factor"
                made = f"created {plan.name}{made} {plan.replication_factor}"
                self.stdout.write(made if is_new else f"exists {plan.name}")
            for difference in differences:
                self.stderr.write(f"warning: {plan.name} differs, left alone: {difference}")
        if as_json:
            self.stdout.write(msgspec.json.encode({"topics": reports}).decode())

    def _grow(self, options: dict[str, Any]) -> None:
        wanted, topic = options["partitions"], environment().message_topic
        times = Times(quiet=options["quiet_seconds"], most=options["wait_seconds"])
        growth = TopicGrowth(environment(), wanted, times, self.stderr.write)
        grew = not growth.is_done()
        if grew:
            old = growth.check()
            self.stderr.write(WARNING.format(topic=topic, old=old, new=wanted))
            confirm(f"Grow {topic}", yes=options["yes"])
            with signals_as_interrupt():  # the pause must not stay behind
                self._run(growth)
        if options["json"]:
            answer = {"topic": topic, "partitions": wanted, "grew": grew}
            self.stdout.write(msgspec.json.encode(answer).decode())
        else:
            self.stdout.write(f"{topic} has {wanted} partitions{'' if grew else ' already'}")

    def _run(self, growth: TopicGrowth) -> None:
        try:
            growth.run()
        except (RetryLater, KafkaAway, PyMongoError):
            self.stderr.write(
                "accepting may still be paused: run the same command again, or --resume-accepting"
            )
            raise

    def _resume(self, *, as_json: bool) -> None:
        resumed = resume_accepting(environment())
        if as_json:
            self.stdout.write(msgspec.json.encode({"resumed": resumed}).decode())
        else:
            self.stdout.write("accepting again" if resumed else "accepting was not paused")

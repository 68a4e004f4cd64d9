"""One round: names of its own on running servers, a load, consumers, quiet, a recount."""

import random
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # exported, says its manual
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from redis import Redis

from chat_project.kafka_logs import kafka_logger
from chat_project.settings.environment import Environment
from consumers.errors import RetryLater
from consumers.lag import LagReader, PartitionLag
from messaging.topics import TopicAdministration, planned_topics
from tests.consumers.pipelines import free_port
from tests.faults import message_oracle, oracle, roster_oracle
from tests.faults.crash import Action, Step
from tests.faults.load import Load
from tests.faults.member import Member
from tests.faults.rooms import found_rooms
from tests.faults.roster_load import RosterLoad
from tests.faults.servers import Servers
from tests.processes import Process, manage
from tests.waiting import wait_until

SESSION_MS = 3_000
"""Of both protocols, so that a dead member is noticed soon."""
QUIET_SECONDS = 120.0
START_IT_AGAIN = "start it again"
"""The last words of `consumers.membership`."""
SMALL_BATCHES = ("--max-batch-size", "40")


class Round:
    """Topics, group and database are new; `consumers` is how many members work in it."""

    def __init__(self, servers: Servers, *, seed: str, protocol: str, consumers: int) -> None:
        self.dice = random.Random(seed)
        self.seed, self.protocol, self.consumers = seed, protocol, consumers
        self.servers = servers
        self.members: list[Member] = []
        self.answered: dict[str, dict[str, Any]] = {}
        """What the API answered with 200, by idempotency key, which is the content too."""
        self.name = f"round-{uuid.uuid4().hex[:10]}"
        self.variables = {
            **servers.addresses,
            "KAFKA_TOPIC_PREFIX": self.name,
            "KAFKA_GROUP_ID": self.name,
            "KAFKA_GROUP_PROTOCOL": protocol,
            "KAFKA_SESSION_TIMEOUT_MS": str(SESSION_MS),
            "MONGODB_DATABASE": self.name,
            # Three people send all of a round, and a retry comes at once.
            "RATE_LIMIT_MESSAGES_PER_SECOND": "0",
            "RATE_LIMIT_TENANT_MESSAGES_PER_SECOND": "0",
        }
        known: dict[str, Any] = {key.lower(): value for key, value in self.variables.items()}
        self.environment = Environment(**known)
        self.connection = self.environment.kafka_connection()
        self.topic = self.environment.message_topic
        self.database = servers.mongodb[self.name]
        self.admin = AdminClient({**self.connection}, logger=kafka_logger)
        self.redis = Redis.from_url(servers.addresses["REDIS_URL"])
        self.redis.flushall()  # rounds of one seed have conversations of the same ids
        self._create_topics()
        self._shorten_sessions()
        self.rooms = found_rooms(self.database, self.dice)
        own_dice = random.Random(f"{seed}/load")  # traffic rolls them while the fault rolls others
        self.load = Load(own_dice, self.connection, self.topic, self.rooms)
        self.roster_topic = self.environment.roster_topic
        roster_dice = random.Random(f"{seed}/roster")
        self.roster = RosterLoad(roster_dice, self.connection, self.roster_topic)

    # --- consumers -------------------------------------------------------------------------

    def consume(self, *options: str, count: int = 1, **variables: str) -> list[Member]:
        """Starts `manage.py consume_messages` as new members."""
        command = manage("consume_messages", *options)
        return [self._start(command, variables) for _ in range(count)]

    def consume_noting_batches(self, *options: str, count: int = 1) -> list[Member]:
        """Starts members whose `batches` can be read."""
        command = [
            *(manage()[0], "-m", "tests.faults.batches", "--into", "{marker}"),
            *("--", "consume_messages", *options),
        ]
        return [self._start(command, {}) for _ in range(count)]

    def consume_until(
        self,
        step: Step,
        action: Action,
        *options: str,
        count: int = 1,
        seconds: float = 0.0,
        max_poll_interval_ms: int = 0,
        attempt_seconds: float = 0.0,
    ) -> Member:
        """Starts a member that fails at the step, when it does it for the `count`-th time."""
        command = [
            *(manage()[0], "-m", "tests.faults.crash", "--step", step, "--do", action),
            *("--count", str(count), "--seconds", str(seconds), "--seed", self.seed),
            *("--max-poll-interval-ms", str(max_poll_interval_ms)),
            *("--attempt-seconds", str(attempt_seconds), "--marker", "{marker}"),
            *("--", "consume_messages", *SMALL_BATCHES, *options),
        ]
        return self._start(command, {})

    def member_names(self) -> set[str]:
        """The group's members as the broker knows them; empty when it cannot tell."""
        try:
            answer = self.admin.describe_consumer_groups([self.name], request_timeout=5)
            described = answer[self.name].result()
        except KafkaException:
            return set()
        return {member.client_id for member in described.members}

    def count_stored(self) -> int:
        return int(self.database["messages"].count_documents({}))

    def lag(self) -> int:
        """Records that the group has not committed. Raises AssertionError while Kafka is away."""
        return sum(each.lag for each in self._behind())

    def _behind(self) -> list[PartitionLag]:
        reader = LagReader(self.connection, self.name)
        try:
            return [each for each in reader.read([self.topic, self.roster_topic]) if each.lag]
        except RetryLater as error:
            raise AssertionError(str(error)) from error
        finally:
            reader.close()

    def configure(self, kind: ResourceType, name: str, settings: Mapping[str, str]) -> None:
        """Sets these of a topic's or a group's settings on the brokers."""
        entries = [
            ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
            for key, value in settings.items()
        ]
        resource = ConfigResource(kind, name, incremental_configs=entries)
        for change in self.admin.incremental_alter_configs([resource]).values():
            change.result()

    # --- the end ---------------------------------------------------------------------------

    def settle(self) -> None:
        """Quiet: all members are in the group, and nothing is left to do."""
        self.load.flush()
        alive = [member for member in self.members if member.is_alive]
        alive = alive or self.consume()
        try:
            wait_until(
                lambda: self._are_members(alive), "all members are there", seconds=QUIET_SECONDS
            )
            wait_until(lambda: self.lag() == 0, "the lag is zero", seconds=QUIET_SECONDS)
        except AssertionError as error:
            names = sorted(member.client_id for member in alive)
            raise AssertionError(f"{error}\nexpected {names}\n{self.picture()}") from error
        assert all(member.is_alive for member in alive), "a consumer ended during the quiet"

    def _are_members(self, alive: list[Member]) -> bool:
        """Starts one again that ended because its group had forgotten it, as a supervisor does."""
        for place, member in enumerate(alive):
            if not member.is_alive and START_IT_AGAIN in member.process.output():
                print(f"faults: {member.client_id} is started again", file=sys.stderr)  # noqa: T201
                [alive[place]] = self.consume()
        return self.member_names() == {member.client_id for member in alive}

    def picture(self) -> str:
        """The group as the broker sees it and the partitions that are behind, for a failure."""
        described = self.admin.describe_consumer_groups([self.name], request_timeout=10)
        group = described[self.name].result()
        lines = [f"the group is {group.state.name}, {self.count_stored()} messages are stored"]
        lines += [
            f"{member.client_id} has {[each.partition for each in held.topic_partitions]}"
            for member in group.members
            for held in [member.assignment]
        ]
        return "\n".join([*lines, *map(str, self._behind())])

    def recount(self) -> oracle.Recount:
        own = oracle.recount(
            self.connection, self.name, self.topic, self.database, self.load.acknowledged
        )
        differences = [
            *own.differences,
            *message_oracle.unstored_answers(self.answered, self.database),
            *roster_oracle.differences(self.roster, self.roster_topic, self.database),
            *self._reconcile(),
        ]
        acknowledged = own.acknowledged + len(self.answered) + len(self.roster.acknowledged)
        return own._replace(acknowledged=acknowledged, differences=differences)

    def close(self) -> None:
        for member in self.members:
            member.close()
        self.redis.close()
        # A transaction that a killed consumer left open would hold its database for up to 60 s.
        self.servers.mongodb.admin.command("killAllSessions", [])
        self.servers.mongodb.drop_database(self.name)
        topics = [self.topic, self.environment.dead_letter_topic, self.roster_topic]
        for deletion in self.admin.delete_topics(topics, operation_timeout=10).values():
            deletion.result()

    def outputs(self) -> str:
        """What the members wrote, for the files that a difference leaves behind."""
        return "\n".join(f"=== {m.client_id}\n{m.process.output()}" for m in self.members)

    # --- helpers ---------------------------------------------------------------------------

    def _start(self, command: list[str], variables: dict[str, str]) -> Member:
        own = {**self.variables, **variables, "METRICS_PORT": str(free_port())}
        member = Member(len(self.members), command, own)
        self.members.append(member)
        return member

    def _create_topics(self) -> None:
        administration = TopicAdministration(self.connection)
        plans = planned_topics(self.environment, brokers=administration.broker_count())
        administration.create_missing(plans)

    def _shorten_sessions(self) -> None:
        settings = {
            "consumer.session.timeout.ms": str(SESSION_MS),
            "consumer.heartbeat.interval.ms": "1000",
        }
        self.configure(ResourceType.GROUP, self.name, settings)

    def _reconcile(self) -> list[str]:
        """The product's own audit, which shares no code with the oracle."""
        process = Process(manage("reconcile", "--json"), self.variables)
        try:
            code, output = process.wait(60), process.output()
        finally:
            process.close()
        return [] if code == 0 else [f"reconcile ended with {code}: {output[-2_000:]}"]


@contextmanager
def running_round(servers: Servers, *, seed: str, protocol: str, consumers: int) -> Iterator[Round]:
    """A round that leaves nothing behind, whatever happens in it."""
    one = Round(servers, seed=seed, protocol=protocol, consumers=consumers)
    try:
        yield one
    finally:
        servers.mend()
        one.close()

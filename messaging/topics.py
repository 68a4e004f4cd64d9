"""The topics this service needs: what they should be like, creation, comparison (contract 4).

Nothing here deletes a topic; only `add_partitions` changes an existing one, and never shrinks it.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from time import monotonic, sleep

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public, but not in __all__
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewPartitions,
    NewTopic,
)

from chat_project.settings.environment import Environment
from messaging.errors import KafkaAway

WANTED_REPLICATION_FACTOR = 3
REQUEST_TIMEOUT_SECONDS = 10.0
VISIBLE_TIMEOUT_SECONDS = 20.0

_DAY_MS = 24 * 60 * 60 * 1000
_MESSAGE_BYTES = 1024 * 1024 + 12
"""Kafka's own default. The longest text with its mentions takes some 0.2 MB of it, what the system redacts
0.6."""
_DEAD_LETTER_BYTES = 2 * 1024 * 1024
_AT_LEAST = frozenset({"max.message.bytes"})
"""Settings of which more does no harm."""


@dataclass(frozen=True)
class TopicPlan:
    """A topic as it should be; `configs` are the broker's own names. `is_shared`: another service
    may have made it, and as it likes."""

    name: str
    partitions: int
    replication_factor: int
    configs: Mapping[str, str]
    is_shared: bool = False


class TopicAdministration:
    """Reads and creates topics by Kafka's admin protocol. Every method may raise KafkaAway."""

    def __init__(self, connection: Mapping[str, str]) -> None:
        # With a logger librdkafka's own lines stay out of standard error: the error tells all.
        logger = logging.getLogger(__name__)
        self._admin = AdminClient(dict(connection), logger=logger)

    def broker_count(self) -> int:
        return len(self._metadata().brokers)

    def create_missing(self, plans: Sequence[TopicPlan]) -> list[TopicPlan]:
        """Creates what is not there and waits until it can be used; gives what it created."""
        existing = self._metadata().topics
        missing = [plan for plan in plans if plan.name not in existing]
        created = self._create(missing) if missing else []
        # What somebody else made meanwhile may have any number of partitions: it is compared later.
        self._wait_until_visible({p.name: p.partitions if p in created else 1 for p in missing})
        return created

    def partition_count(self, topic: str) -> int | None:
        """None: there is no such topic."""
        found = self._metadata().topics.get(topic)
        return None if found is None or found.error is not None else len(found.partitions)

    def add_partitions(self, topics: Sequence[str], partitions: int) -> None:
        """Grows each topic that has fewer to that count; returns when all have leaders."""
        short = [name for name in topics if (self.partition_count(name) or 0) < partitions]
        new = [NewPartitions(name, partitions) for name in short]
        if new:
            futures = self._admin.create_partitions(new, request_timeout=REQUEST_TIMEOUT_SECONDS)
            for name, future in futures.items():
                _wait_for_growth(name, future)
        self._wait_until_visible(dict.fromkeys(topics, partitions))

    def differences(self, plan: TopicPlan) -> Iterator[str]:
        """In what an existing topic is not as planned, one phrase each; none of a shared one."""
        if plan.is_shared:
            return
        topic = self._metadata().topics[plan.name]
        if len(topic.partitions) != plan.partitions:
            yield f"partitions: {len(topic.partitions)}, wanted {plan.partitions}"
        replicas = min((len(p.replicas) for p in topic.partitions.values()), default=0)
        if replicas != plan.replication_factor:
            yield f"replication factor: {replicas}, wanted {plan.replication_factor}"
        actual = self.settings_of(plan.name)
        for name, wanted in plan.configs.items():
            if name in _AT_LEAST:
                if int(actual.get(name, 0)) < int(wanted):
                    yield f"{name}: {actual.get(name)}, wanted at least {wanted}"
            elif actual.get(name) != wanted:
                yield f"{name}: {actual.get(name)}, wanted {wanted}"

    def _create(self, plans: Sequence[TopicPlan]) -> list[TopicPlan]:
        """Without those that somebody else created meanwhile."""
        new = [
            NewTopic(plan.name, plan.partitions, plan.replication_factor, config=dict(plan.configs))
            for plan in plans
        ]
        futures = self._admin.create_topics(new, request_timeout=REQUEST_TIMEOUT_SECONDS)
        return [plan for plan in plans if _is_created(plan.name, futures[plan.name])]

    def _wait_until_visible(self, counts: Mapping[str, int]) -> None:
        deadline = monotonic() + VISIBLE_TIMEOUT_SECONDS
        while not all(self._is_visible(name, count) for name, count in counts.items()):
            if monotonic() > deadline:
                raise KafkaAway(
                    f"created, but without leaders after {VISIBLE_TIMEOUT_SECONDS:.0f} s:"
                    f" {', '.join(counts)}"
                )
            sleep(0.05)

    def _is_visible(self, name: str, partitions: int) -> bool:
        topic = self._metadata().topics.get(name)
        if topic is None or topic.error is not None or len(topic.partitions) < partitions:
            return False
        return min(partition.leader for partition in topic.partitions.values()) >= 0

    def _metadata(self) -> ClusterMetadata:
        try:
            return self._admin.list_topics(timeout=REQUEST_TIMEOUT_SECONDS)
        except KafkaException as error:
            raise KafkaAway(f"no Kafka broker answers: {error.args[0].str()}") from error

    def settings_of(self, topic: str) -> dict[str, str]:
        """Of an existing topic, defaults included, by the broker's own names."""
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
        futures = self._admin.describe_configs([resource], request_timeout=REQUEST_TIMEOUT_SECONDS)
        try:
            entries = futures[resource].result()
        except KafkaException as error:
            raise KafkaAway(f"topic {topic} is not described: {error.args[0].str()}") from error
        return {name: entry.value for name, entry in entries.items()}


def planned_topics(environment: Environment, *, brokers: int) -> list[TopicPlan]:
    """The message topic, its dead-letter topic and the roster's, on that many brokers."""
    replication_factor = min(WANTED_REPLICATION_FACTOR, brokers)
    durable = {
        "min.insync.replicas": "2" if replication_factor == WANTED_REPLICATION_FACTOR else "1",
        "unclean.leader.election.enable": "false",
        # Nothing is removed but by age: neither older records of a key nor those beyond a size.
        "cleanup.policy": "delete",
        "retention.bytes": "-1",
    }
    messages = {
        **durable,
        "retention.ms": str(7 * _DAY_MS),
        # A record's age must not depend on its sender's clock (design section 5, step 8).
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(_MESSAGE_BYTES),
    }
    roster = {name: value for name, value in messages.items() if name != "max.message.bytes"}
    dead_letters = {
        **durable,
        "retention.ms": "-1",
        "max.message.bytes": str(_DEAD_LETTER_BYTES),
    }
    partitions = environment.kafka_partitions
    return [
        TopicPlan(environment.message_topic, partitions, replication_factor, messages),
        TopicPlan(environment.dead_letter_topic, partitions, replication_factor, dead_letters),
        TopicPlan(environment.roster_topic, partitions, replication_factor, roster, is_shared=True),
    ]


def _is_created(name: str, creation: "Future[None]") -> bool:
    try:
        creation.result()
    except KafkaException as error:
        if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
            return False
        raise KafkaAway(f"topic {name} was not created: {error.args[0].str()}") from error
    return True


def _wait_for_growth(name: str, growth: "Future[None]") -> None:
    try:
        growth.result()
    except KafkaException as error:
        raise KafkaAway(f"topic {name} got no partitions: {error.args[0].str()}") from error

"""librdkafka's settings for this project's consumers, and the objects that a consumer is made of."""

from typing import Any

from confluent_kafka.admin import AdminClient

from chat_project.kafka_logs import kafka_logger
from chat_project.metrics import count_from_zero, messages_sent_total
from chat_project.settings.environment import Environment
from consumers import metrics
from consumers.dead_letter_topic import KafkaDeadLetterTopic
from consumers.dead_letters import DeadLetterTopic
from consumers.effects import Effects
from consumers.errors import Reason
from consumers.growth_guard import GrowthGuard
from consumers.handler import ChatHandler
from consumers.loop import ConsumerLoop, Limits
from consumers.names import RememberedNames
from consumers.registry import chat_registry
from consumers.runs import Runs
from consumers.writer import MessageWriter
from conversations.selectors import participant_names
from messaging.pause import gate

ASSIGNMENT_GRACE_SECONDS = 15.0
"""Beyond the session timeout: how long a draining consumer waits for its first partition."""


def consumer_settings(environment: Environment, *, group_id: str) -> dict[str, Any]:
    """Settings of design section 6; sources of each figure: docs/operations.md."""
    settings: dict[str, Any] = {
        **environment.kafka_connection(),
        "group.id": group_id,
        "client.id": environment.kafka_client_id,
        "group.protocol": environment.kafka_group_protocol,
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "earliest",  # librdkafka's default, latest, loses
        "isolation.level": "read_committed",
        "max.poll.interval.ms": 300_000,
        "fetch.wait.max.ms": 100,
        "fetch.queue.backoff.ms": 5,  # the default of 1,000 throttles small queues
        "queued.min.messages": 20_000,
        "queued.max.messages.kbytes": 65_536,
        "allow.auto.create.topics": False,
    }
    if environment.kafka_group_protocol == "classic":  # KIP-848 refuses these two
        settings["partition.assignment.strategy"] = "cooperative-sticky"
        settings["session.timeout.ms"] = environment.kafka_session_timeout_ms
        settings["heartbeat.interval.ms"] = _heartbeat_ms(environment.kafka_session_timeout_ms)
    return settings


def message_handler(
    environment: Environment,
    *,
    dead_letter_topic: DeadLetterTopic,
    effects: Effects,
    run_limit: int,
) -> ChatHandler:
    """What applies batches of the message topic; nothing is connected before its first use."""
    return ChatHandler(
        message_topic=environment.message_topic,
        partitions=environment.kafka_partitions,
        registry=chat_registry(environment.message_topic),
        writer=MessageWriter(RememberedNames(participant_names)),
        dead_letter_topic=dead_letter_topic,
        effects=effects,
        runs=Runs(run_limit),
    )


def _heartbeat_ms(session_timeout_ms: int) -> int:
    """librdkafka's default, 3 s, but never more than a third of the session (Kafka's own advice):
    with a session of 3 s a member would be thrown out between two heartbeats."""
    return min(3_000, session_timeout_ms // 3)


def message_consumer(
    environment: Environment,
    *,
    group_id: str,
    max_batch_size: int,
    max_batch_age_seconds: float,
    allow_dead_letters: int = 0,
    drain: bool = False,
) -> ConsumerLoop:
    """The consumer of `consume_messages`; nothing is connected before its `run()`."""
    _count_outcomes_from_zero()
    handler = message_handler(
        environment,
        dead_letter_topic=KafkaDeadLetterTopic(
            environment.kafka_connection(), environment.dead_letter_topic, group_id
        ),
        effects=Effects(outcome_seconds=environment.acceptance_record_minutes * 60),
        run_limit=environment.dead_letter_run_limit + allow_dead_letters,
    )
    session_seconds = environment.kafka_session_timeout_ms / 1_000
    return ConsumerLoop(
        consumer_settings(environment, group_id=group_id),
        AdminClient({**environment.kafka_connection()}, logger=kafka_logger),
        environment.subscribed_topics,
        GrowthGuard(handler, lambda: gate().differing_count()),
        limits=Limits(
            max_batch_size=max_batch_size,
            max_batch_age_seconds=max_batch_age_seconds,
            assignment_seconds=session_seconds + ASSIGNMENT_GRACE_SECONDS,
        ),
        drain=drain,
    )


def _count_outcomes_from_zero() -> None:
    count_from_zero(messages_sent_total, ("sent", "failed", "duplicate"))
    count_from_zero(metrics.dead_letters, (reason.value for reason in Reason))
    count_from_zero(metrics.roster_events, ("applied", "dead_letter"))
    count_from_zero(metrics.roster_groups, ("founded", "changed"))

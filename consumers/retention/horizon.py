"""What the log can still bring back: no message is removed before its record has expired.

So a replay, a rebuild and an audit never meet the record of a purged message (decision 0023).
"""

import math
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta

import msgspec
from confluent_kafka.admin import AdminClient

from chat_project.kafka_logs import kafka_logger
from chat_project.settings.environment import Environment
from consumers.errors import Refused, RetryLater
from consumers.log_reader import LogReader, Span
from consumers.records import Place
from consumers.topics import describe, known_generation
from messaging.errors import KafkaAway
from messaging.topics import TopicAdministration

MARGIN_DAYS = 1
"""Beyond the topic's retention: for whoever was paused with a batch in hand, and for clocks."""
_DAY_MS = 24 * 60 * 60 * 1_000
_NO_GENERATION = 2**32 - 1
"""Of a topic that no consumer has registered: every stored message is of an earlier one."""


class Horizon(msgspec.Struct, frozen=True):
    """The topic's generation `t` and its first offsets by partition; `least_days`: the shortest
    retention that may be asked for."""

    t: int
    first_offsets: Mapping[int, int]
    least_days: int

    def has_passed(self, place: Place | None) -> bool:
        """Whether the log holds the record of this place no longer; a tombstone has none."""
        if place is None or place.t < self.t:
            return True
        return place.t == self.t and place.o < self.first_offsets.get(place.p, 0)

    @property
    def least(self) -> timedelta:
        return timedelta(days=self.least_days)


def read_horizon(environment: Environment) -> Horizon:
    """Asks the brokers and the registry of topics.

    Raises RetryLater (Kafka is away), Refused when there is no topic, or when it keeps its records for
    ever, so that whatever is purged could come back; pymongo's errors.
    """
    topic, connection = environment.message_topic, environment.kafka_connection()
    bounds = _bounds(topic, connection)
    generation = known_generation(describe(_admin(connection), topic))
    return Horizon(
        t=generation.t if generation else _NO_GENERATION,
        first_offsets={partition: span.start for partition, span in bounds.items()},
        least_days=least_days(_retention_ms(connection, topic), topic),
    )


def read_least_days(environment: Environment) -> int:
    """For how many days the log may bring a message back, and one more: asks the brokers.

    Raises RetryLater and Refused as `read_horizon` does.
    """
    topic, connection = environment.message_topic, environment.kafka_connection()
    _bounds(topic, connection)
    return least_days(_retention_ms(connection, topic), topic)


def least_days(retention_ms: int, topic: str) -> int:
    """The topic's retention in whole days, and a day more. Raises Refused for one without end."""
    if retention_ms < 0:
        raise Refused(
            f"{topic} keeps its records for ever (retention.ms={retention_ms}): a replay would bring"
            " back what is purged; set its retention first"
        )
    return math.ceil(retention_ms / _DAY_MS) + MARGIN_DAYS


def _bounds(topic: str, connection: Mapping[str, str]) -> Mapping[int, Span]:
    with closing(LogReader(connection)) as reader:
        bounds = reader.bounds(topic)
    if not bounds:
        raise Refused(f"there is no topic {topic}: see KAFKA_TOPIC_PREFIX and create_topics")
    return bounds


def _retention_ms(connection: Mapping[str, str], topic: str) -> int:
    try:
        return int(TopicAdministration(connection).settings_of(topic)["retention.ms"])
    except KafkaAway as error:
        raise RetryLater(str(error)) from error


def _admin(connection: Mapping[str, str]) -> AdminClient:
    return AdminClient({**connection}, logger=kafka_logger)

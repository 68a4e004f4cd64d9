"""Where the log and its consumers stood when the audit began."""

from collections.abc import Mapping
from contextlib import closing
from enum import IntEnum

import msgspec
from confluent_kafka.admin import AdminClient

from chat_project.kafka_logs import kafka_logger
from chat_project.mongodb import database
from chat_project.settings.environment import Environment
from consumers.audit.errors import CannotCheck
from consumers.audit.scope import Scope
from consumers.lag import LagReader
from consumers.log_reader import LogReader, Span
from consumers.records import Place
from consumers.topics import Generation, Growth, TopicDescription, describe, known_generation

NEVER_CONSUMED = 2**32 - 1
"""Stands for the generation of a topic that no consumer has registered: later than any."""


class Era(IntEnum):
    """Where a place lies, seen from the records that were read."""

    OUTSIDE = 0
    """Expired, of an older generation of the topic, or outside the time asked for."""
    WITHIN = 1
    AFTER = 2
    """Behind the end as of the snapshot: produced since."""
    UNKNOWN = 3
    """Of a generation that there is not yet."""


class Snapshot(msgspec.Struct, frozen=True):
    """Offsets by partition: `spans` are read; `ends` and `committed` are the topic's and group's."""

    generation: Generation
    spans: Mapping[int, Span]
    ends: Mapping[int, int]
    committed: Mapping[int, int]

    @property
    def topic(self) -> str:
        return self.generation.topic

    def era(self, place: Place) -> Era:
        if place.t != self.generation.t:
            return Era.UNKNOWN if place.t > self.generation.t else Era.OUTSIDE
        if place.o >= self.ends.get(place.p, 0):
            return Era.AFTER
        span = self.spans.get(place.p, Span(0, 0))
        return Era.WITHIN if span.start <= place.o < span.end else Era.OUTSIDE

    def era_of_change(self, place: Place) -> Era:
        """Of a message's last change: what lies behind the records that were read came after them."""
        era = self.era(place)
        is_behind = era is Era.OUTSIDE and place.t == self.generation.t
        if is_behind and place.o >= self.spans.get(place.p, Span(0, 0)).end:
            return Era.AFTER
        return era

    def is_handled(self, place: Place) -> bool:
        """Whether the group has committed it."""
        return place.t == self.generation.t and place.o < self.committed.get(place.p, 0)


def take_snapshot(
    environment: Environment, group_id: str, reader: LogReader, scope: Scope, *, is_live: bool
) -> Snapshot:
    """First the ends, then what is committed: what lies below both was handled before now.

    Raises CannotCheck when there is no topic, or when its messages cannot be in this database;
    RetryLater when Kafka is away. `is_live` False: another database than the consumers'.
    """
    topic = environment.message_topic
    admin = AdminClient({**environment.kafka_connection()}, logger=kafka_logger)
    bounds = reader.bounds(topic)
    if not bounds:
        raise CannotCheck(f"there is no topic {topic}: see KAFKA_TOPIC_PREFIX and create_topics")
    if scope.up_to is not None:
        bounds = _cut(bounds, scope.up_to)
    described = describe(admin, topic)
    with closing(LagReader(environment.kafka_connection(), group_id)) as lags:
        committed = {each.partition: each.committed or 0 for each in lags.read([topic])}
    known = known_generation(described)
    if known is None and (not is_live or any(committed.values())):
        raise CannotCheck(
            f"the database {database().name} does not exist, or has never held {topic}: its"
            " collection topics does not know this topic, though consumers have handled records"
        )
    return Snapshot(
        generation=known or _never_consumed(described),
        spans=_spans(reader, topic, bounds, scope),
        ends={partition: span.end for partition, span in bounds.items()},
        committed=committed,
    )


def _cut(bounds: Mapping[int, Span], up_to: Mapping[int, int]) -> dict[int, Span]:
    return {
        partition: Span(span.start, min(span.end, up_to.get(partition, span.end)))
        for partition, span in bounds.items()
    }


def _never_consumed(described: TopicDescription) -> Generation:
    return Generation(described.topic, NEVER_CONSUMED, (Growth(described.partitions, {}),))


def _spans(
    reader: LogReader, topic: str, bounds: Mapping[int, Span], scope: Scope
) -> dict[int, Span]:
    starts = {partition: span.start for partition, span in bounds.items()}
    ends = {partition: span.end for partition, span in bounds.items()}
    if scope.since is not None:
        asked = reader.offsets_at(topic, scope.since)
        starts = {partition: max(start, asked[partition]) for partition, start in starts.items()}
    if scope.until is not None:
        asked = reader.offsets_at(topic, scope.until)
        ends = {partition: min(end, asked[partition]) for partition, end in ends.items()}
    return {partition: Span(start, ends[partition]) for partition, start in starts.items()}

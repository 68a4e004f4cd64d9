"""Reads a stretch of a topic from outside any group: for audits, replays and dead letters."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

import confluent_kafka as kafka

from chat_project.kafka_logs import kafka_logger
from consumers.errors import KafkaSilent, RetryLater
from consumers.offsets import ANSWER_SECONDS, watermarks
from consumers.records import Record, TopicPartition, from_kafka

SILENCE_SECONDS = 30.0
"""Without a record or an end for so long, Kafka counts as away."""
BATCH_RECORDS = 1_000
POLL_SECONDS = 1.0
MORE_SECONDS = 0.02
"""For filling a batch once it has a record: a short span must not cost a whole poll."""


class Span(NamedTuple):
    """Offsets of one partition, `end` excluded."""

    start: int
    end: int


class LogReader:
    """A consumer that is assigned by hand and commits nothing. Not safe for two threads."""

    def __init__(self, connection: Mapping[str, str]) -> None:
        self._consumer = kafka.Consumer(
            {
                **connection,
                "group.id": "unused: this reader joins no group",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "fetch.queue.backoff.ms": 5,
                "queued.max.messages.kbytes": 16_384,
                "allow.auto.create.topics": False,
            },
            logger=kafka_logger,
        )

    def close(self) -> None:
        self._consumer.close()

    def bounds(self, topic: str) -> dict[int, Span]:
        """First and end offset by partition, now; empty if there is no such topic.

        Raises RetryLater when Kafka does not answer within 10 s.
        """
        try:
            described = self._consumer.list_topics(topic, timeout=ANSWER_SECONDS).topics[topic]
            return {
                partition: Span(*watermarks(self._consumer, TopicPartition(topic, partition)))
                for partition in sorted(described.partitions)
            }
        except kafka.KafkaException as error:
            raise KafkaSilent("answer", error) from error

    def offsets_at(self, topic: str, moment: datetime) -> dict[int, int]:
        """By partition: the first offset of that time (the broker's) or later; else the end.

        Raises RetryLater when Kafka does not answer for each of them within 10 s.
        """
        bounds = self.bounds(topic)
        milliseconds = int(moment.timestamp() * 1_000)
        asked = [kafka.TopicPartition(topic, partition, milliseconds) for partition in bounds]
        try:
            answered = self._consumer.offsets_for_times(asked, timeout=ANSWER_SECONDS)
        except kafka.KafkaException as error:
            raise KafkaSilent("answer", error) from error
        for each in answered:
            if each.error is not None:
                raise RetryLater(f"Kafka does not tell the offset at {moment} of {each}")
        return {
            each.partition: each.offset if each.offset >= 0 else bounds[each.partition].end
            for each in answered
        }

    def read(self, topic: str, spans: Mapping[int, Span]) -> Iterator[list[Record]]:
        """The records of these spans, in batches, in offset order within a partition.

        Raises RetryLater when Kafka is silent for 30 s, or when a span begins before the log.
        """
        open_spans = {partition: span for partition, span in spans.items() if span.start < span.end}
        self._consumer.assign(
            [kafka.TopicPartition(topic, p, span.start) for p, span in open_spans.items()]
        )
        heard_at = time.monotonic()
        try:
            while open_spans:
                if messages := self._consumer.consume(1, POLL_SECONDS):
                    messages += self._consumer.consume(BATCH_RECORDS - 1, MORE_SECONDS)
                    heard_at = time.monotonic()
                elif time.monotonic() - heard_at > SILENCE_SECONDS:
                    raise RetryLater(f"{topic}: nothing heard for {SILENCE_SECONDS:.0f} s")
                if records := self._within(messages, open_spans):
                    yield records
        finally:
            self._consumer.unassign()

    def _within(
        self, messages: "list[kafka.Message[bytes, bytes]]", open_spans: dict[int, Span]
    ) -> list[Record]:
        """The records that lie in their span; spans that are read to their end are removed."""
        records = []
        for message in messages:
            partition, offset = message.partition() or 0, message.offset() or 0
            if (error := message.error()) is not None:
                if error.code() != kafka.KafkaError._PARTITION_EOF:
                    raise RetryLater(f"Kafka: {error}")
                self._close_span(message.topic() or "", partition, open_spans)
                continue
            span = open_spans.get(partition)
            if span is None:
                continue
            if offset < span.end:
                records.append(from_kafka(message))
            if offset >= span.end - 1:
                self._close_span(message.topic() or "", partition, open_spans)
        return records

    def _close_span(self, topic: str, partition: int, open_spans: dict[int, Span]) -> None:
        if open_spans.pop(partition, None) is not None:
            self._consumer.incremental_unassign([kafka.TopicPartition(topic, partition)])

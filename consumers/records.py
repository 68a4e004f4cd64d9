"""A record as the loop hands it on, and its place in the log."""

from typing import Any, NamedTuple

import msgspec
from confluent_kafka import Message


class TopicPartition(NamedTuple):
    topic: str
    partition: int


class Place(NamedTuple):
    """Where a record lies: (topic generation, partition, offset), compared in this order.

    A conversation lives in one partition at a time and partitions only grow to a multiple, so
    that this order is the order of the log for each conversation (design section 5).
    """

    t: int
    p: int
    o: int


class Record(msgspec.Struct, frozen=True):
    """One Kafka record; `timestamp_ms` is the broker's (LogAppendTime), in epoch milliseconds."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp_ms: int

    @property
    def topic_partition(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)

    def header(self, name: str) -> str | None:
        """The first header of that name as text; None if absent. Undecodable bytes are replaced."""
        for key, value in self.headers:
            if key == name and value is not None:
                return value.decode("utf-8", "replace")
        return None


def from_kafka(message: "Message[bytes, bytes]") -> Record:
    """Of a message without error."""
    return Record(
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        key=message.key(),
        value=message.value(),
        headers=_headers(message),
        timestamp_ms=message.timestamp()[1],
    )


def _headers(message: "Message[bytes, bytes]") -> tuple[tuple[str, bytes | None], ...]:
    pairs: Any = message.headers() or ()  # of a consumed message always (text, bytes) pairs
    return tuple(pairs)

"""A topic as it lies in Kafka, whole, and how far a group has committed in it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import confluent_kafka as kafka

from chat_project.kafka_logs import kafka_logger
from consumers.offsets import watermarks
from consumers.records import TopicPartition
from tests.faults.load import EXPECTED, PARTITIONS, STORED, Coordinates

READ_SECONDS = 30.0


class Logged(NamedTuple):
    """A record as it lies in Kafka."""

    place: Coordinates
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes]

    @property
    def expects(self) -> str:
        return self.headers.get(EXPECTED, STORED.encode()).decode()

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.value or b"{}"))

    @property
    def event_type(self) -> str:
        return self.headers.get("event-type", b"").decode()

    @property
    def origin(self) -> str:
        """Of a dead letter: the topic that it came from."""
        return self.headers.get("__connect.errors.topic", b"").decode()


Log = Mapping[Coordinates, Logged]
"""A whole topic, in the order of each partition's log."""


def read_topic(connection: Mapping[str, str], topic: str) -> Log:
    """Every record of the topic by its coordinates."""
    reader = kafka.Consumer(
        {
            **connection,
            "group.id": "fault-suite-oracle",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 20,
        },
        logger=kafka_logger,
    )
    try:
        ends = {p: _end(reader, topic, p) for p in range(PARTITIONS)}
        reader.assign([kafka.TopicPartition(topic, p, 0) for p, end in ends.items() if end])
        total = sum(ends.values())
        found: dict[Coordinates, Logged] = {}
        while (missing := total - len(found)) > 0:
            records = reader.consume(min(missing, 10_000), READ_SECONDS)
            assert records, f"{topic}: {missing} of {total} records could not be read"
            for record in records:
                assert record.error() is None, record.error()
                logged = _logged(record)
                found[logged.place] = logged
        return dict(sorted(found.items()))
    finally:
        reader.close()


def uncommitted(connection: Mapping[str, str], group_id: str, topic: str) -> Iterator[str]:
    asker = kafka.Consumer(
        {**connection, "group.id": group_id, "enable.auto.commit": False}, logger=kafka_logger
    )
    try:
        asked = [kafka.TopicPartition(topic, p) for p in range(PARTITIONS)]
        for place in asker.committed(asked, timeout=READ_SECONDS):
            end = _end(asker, topic, place.partition)
            if max(place.offset, 0) != end:
                yield f"partition {place.partition}: committed {place.offset} of {end}"
    finally:
        asker.close()


def _end(reader: kafka.Consumer, topic: str, partition: int) -> int:
    return watermarks(reader, TopicPartition(topic, partition))[1]


def _logged(record: "kafka.Message[bytes, bytes]") -> Logged:
    headers: Any = record.headers() or ()
    place = record.partition() or 0, record.offset() or 0
    return Logged(place, record.key(), record.value(), dict(headers))

"""How far a consumer group is behind, asked from outside: also true when no consumer runs."""

import time
from collections.abc import Collection, Mapping

import confluent_kafka as kafka
import msgspec

from chat_project.kafka_logs import kafka_logger
from consumers.errors import KafkaSilent, RetryLater
from consumers.offsets import ANSWER_SECONDS, committed_offsets
from consumers.records import TopicPartition


class PartitionLag(msgspec.Struct, frozen=True, rename="camel"):
    """Offsets of one partition; `committed` is None when the group has committed nothing."""

    topic: str
    partition: int
    committed: int | None
    end: int
    lag: int


class LagReader:
    """Asks the brokers with a consumer that never joins the group."""

    def __init__(self, connection: Mapping[str, str], group_id: str) -> None:
        self._consumer = kafka.Consumer(
            {**connection, "group.id": group_id, "enable.auto.commit": False}, logger=kafka_logger
        )

    def read(self, topics: Collection[str]) -> list[PartitionLag]:
        """By topic and partition; a topic that does not exist has none. Raises RetryLater.

        A group's coordinator may take some seconds to be found; it is asked for at most ten.
        """
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            try:
                return self._read(topics)
            except RetryLater:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.5)

    def _read(self, topics: Collection[str]) -> list[PartitionLag]:
        try:
            metadata = self._consumer.list_topics(timeout=ANSWER_SECONDS).topics
            partitions = [
                TopicPartition(topic, partition)
                for topic in topics
                if topic in metadata
                for partition in sorted(metadata[topic].partitions)
            ]
            committed = committed_offsets(self._consumer, partitions)
            return [self._lag(partition, committed[partition]) for partition in partitions]
        except kafka.KafkaException as error:
            raise KafkaSilent("answer", error) from error

    def _lag(self, partition: TopicPartition, committed: int | None) -> PartitionLag:
        low, high = self._consumer.get_watermark_offsets(
            kafka.TopicPartition(*partition), timeout=ANSWER_SECONDS
        )
        start = low if committed is None else committed
        return PartitionLag(*partition, committed, high, max(0, high - start))

    def close(self) -> None:
        self._consumer.close()

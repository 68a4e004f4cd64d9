"""Which partitions are ours, and where we stand in each."""

import logging
from collections.abc import Iterable, Sequence

import confluent_kafka as kafka

from consumers.records import Record, TopicPartition

logger = logging.getLogger(__name__)


class Assignment:
    """Filled by rebalance callbacks, which only note; read and settled by the loop's thread.

    The callbacks run inside `consume()` and `close()`, so never beside a batch.
    """

    def __init__(self) -> None:
        self.owned: set[TopicPartition] = set()
        self.fresh: set[TopicPartition] = set()
        """Assigned and not introduced to the handler yet."""
        self.gone: set[TopicPartition] = set()
        """Taken away since the loop last dropped their records."""
        self.positions: dict[TopicPartition, int | None] = {}
        """The next offset by partition; None: nothing committed and nothing read yet."""
        self.uncommitted: dict[TopicPartition, int] = {}
        """The positions after handled records that no broker has acknowledged as committed."""

    def on_assign(self, _: kafka.Consumer, partitions: Iterable[kafka.TopicPartition]) -> None:
        for partition in partitions:
            key = TopicPartition(partition.topic, partition.partition)
            self.owned.add(key)
            self.fresh.add(key)

    def on_revoke(self, _: kafka.Consumer, partitions: Iterable[kafka.TopicPartition]) -> None:
        for partition in partitions:
            key = TopicPartition(partition.topic, partition.partition)
            self.owned.discard(key)
            self.fresh.discard(key)
            self.positions.pop(key, None)
            self.uncommitted.pop(key, None)
            self.gone.add(key)

    def on_commit(
        self, error: kafka.KafkaError | None, partitions: Iterable[kafka.TopicPartition]
    ) -> None:
        """An asynchronous commit was answered. What failed stays uncommitted."""
        failures: dict[str, list[str]] = {}
        for each in partitions:
            key = TopicPartition(each.topic, each.partition)
            if (failure := error or each.error) is not None:
                failures.setdefault(str(failure), []).append(f"{key.topic} [{key.partition}]")
            elif each.offset >= self.uncommitted.get(key, 0):
                self.uncommitted.pop(key, None)
        for reason, names in failures.items():
            logger.info("Offsets not committed yet: %s: %s", ", ".join(names), reason)

    def take_gone(self) -> set[TopicPartition]:
        """The partitions that went away since the last call: their records are the new owner's."""
        gone, self.gone = self.gone, set()
        return gone

    def unexpected(self, records: Iterable[Record]) -> dict[TopicPartition, Record]:
        """The first record of each partition whose offset is not the next one."""
        firsts: dict[TopicPartition, Record] = {}
        for record in records:
            firsts.setdefault(record.topic_partition, record)
        return {
            partition: record
            for partition, record in firsts.items()
            if self.positions.get(partition) not in (None, record.offset)
        }

    def advance(self, records: Sequence[Record]) -> dict[TopicPartition, int]:
        """The records were handled: gives the next offset of each of their partitions."""
        following = {record.topic_partition: record.offset + 1 for record in records}
        self.positions.update(following)
        self.uncommitted.update(following)
        return following

"""Offsets as Kafka keeps them: committed, end, stored; and the lag between."""

import logging
import time
from collections import Counter
from collections.abc import Collection, Mapping

import confluent_kafka as kafka

from consumers.errors import KafkaSilent, RetryLater
from consumers.records import TopicPartition

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 10.0
WITHOUT_LEADER = (
    kafka.KafkaError.NOT_LEADER_FOR_PARTITION,
    kafka.KafkaError.LEADER_NOT_AVAILABLE,
)
"""What a broker says of a partition that was made, or moves, at this moment."""
LEADER_PAUSE_SECONDS = 0.1
"""No event of librdkafka tells that a partition has got its leader, so it is asked for."""


def committed_offsets(
    consumer: kafka.Consumer, partitions: Collection[TopicPartition]
) -> dict[TopicPartition, int | None]:
    """None where the group has committed nothing. Raises RetryLater."""
    asked = [kafka.TopicPartition(*partition) for partition in partitions]
    try:
        answered = consumer.committed(asked, timeout=ANSWER_SECONDS) if asked else []
    except kafka.KafkaException as error:
        raise KafkaSilent("tell the committed offsets", error) from error
    for each in answered:
        if each.error is not None:
            raise RetryLater(f"Kafka does not tell the committed offset of {each}")
    return {TopicPartition(a.topic, a.partition): _offset(a.offset) for a in answered}


def end_offsets(consumer: kafka.Consumer, topics: Collection[str]) -> dict[TopicPartition, int]:
    """The offset after the last record of each partition; 0 where there is none.

    A topic that does not exist has no partitions. Raises RetryLater when Kafka is away.
    """
    try:
        metadata = consumer.list_topics(timeout=ANSWER_SECONDS).topics
        return {
            TopicPartition(topic, partition): _end(consumer, TopicPartition(topic, partition))
            for topic in topics
            if topic in metadata
            for partition in metadata[topic].partitions
        }
    except kafka.KafkaException as error:
        raise KafkaSilent("tell the end of the topics", error) from error


def watermarks(consumer: kafka.Consumer, partition: TopicPartition) -> tuple[int, int]:
    """First and end offset, now; asked again for 10 s while the partition has no leader.

    Raises KafkaException.
    """
    asked = kafka.TopicPartition(*partition)
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        try:
            return consumer.get_watermark_offsets(asked, timeout=ANSWER_SECONDS)
        except kafka.KafkaException as error:
            if error.args[0].code() not in WITHOUT_LEADER or time.monotonic() > deadline:
                raise
        time.sleep(LEADER_PAUSE_SECONDS)


def _end(consumer: kafka.Consumer, partition: TopicPartition) -> int:
    low, high = watermarks(consumer, partition)
    return high if high > low else 0


def lag_by_topic(
    consumer: kafka.Consumer, positions: Mapping[TopicPartition, int | None]
) -> dict[str, int]:
    """Records not handled yet in the assigned partitions, as of the last fetch; no request."""
    lags: Counter[str] = Counter()
    for partition, position in positions.items():
        low, high = consumer.get_watermark_offsets(kafka.TopicPartition(*partition), cached=True)
        lags[partition.topic] += max(0, high - (low if position is None else position))
    return dict(lags)


def store(consumer: kafka.Consumer, following: Mapping[TopicPartition, int]) -> None:
    """Notes what the next commit sends. A partition that is no longer ours is passed over."""
    for partition, offset in following.items():
        try:
            consumer.store_offsets(offsets=[kafka.TopicPartition(*partition, offset)])
        except kafka.KafkaException as error:
            logger.info("Offset of %s [%d] not stored: %s", *partition, error)


def commit(consumer: kafka.Consumer) -> None:
    """Sends what is stored, without waiting. A failure costs a redelivery, never a record."""
    try:
        consumer.commit(asynchronous=True)
    except kafka.KafkaException as error:
        logger.warning("Offsets not committed, they will be delivered again: %s", error)


def _offset(committed: int) -> int | None:
    return committed if committed >= 0 else None

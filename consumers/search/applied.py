"""Which records of the log are handled by the group that stores messages.

The mark of a conversation tells it at once (design section 5). Where no mark tells, the group's
committed offset does: of a conversation that does not exist, or not any more, so that a dead letter
holds nobody up.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

import confluent_kafka as kafka

from chat_project.kafka_logs import kafka_logger
from consumers.decoding import Entry
from consumers.heads import read_heads
from consumers.offsets import committed_offsets
from consumers.records import TopicPartition

CommittedOffsets = Callable[[Collection[TopicPartition]], Mapping[TopicPartition, int | None]]
"""The next offset of each partition that the storing group has committed; None: nothing yet."""


def waiting(entries: Sequence[Entry], committed_by_storing: CommittedOffsets) -> list[Entry]:
    """Those that are neither stored nor refused yet. Raises RetryLater, pymongo's errors.

    One query for the heads; the offsets are asked for only where a mark does not tell.
    """
    heads = read_heads({entry.conversation_id for entry in entries})
    unmarked = [
        entry
        for entry in entries
        if (head := heads.get(entry.conversation_id)) is None or not head.covers(entry.place)
    ]
    if not unmarked:
        return []
    committed = committed_by_storing({entry.record.topic_partition for entry in unmarked})
    return [
        entry
        for entry in unmarked
        if entry.place.o >= (committed[entry.record.topic_partition] or 0)
    ]


class StoringGroup:
    """The consumer group of `consume_messages`, asked from outside: this never joins it."""

    def __init__(self, connection: Mapping[str, str], group_id: str) -> None:
        self._settings = {**connection, "group.id": group_id, "enable.auto.commit": False}
        self._consumer: kafka.Consumer | None = None

    def committed(
        self, partitions: Collection[TopicPartition]
    ) -> Mapping[TopicPartition, int | None]:
        """Blocks up to 10 s; connects at its first use. Raises RetryLater."""
        if self._consumer is None:
            self._consumer = kafka.Consumer(self._settings, logger=kafka_logger)
        return committed_offsets(self._consumer, partitions)

"""Keeps a consumer that computes with an old partition count from a grown topic (decision 0014).

Kafka tells a consumer of new partitions minutes late, and until then it would judge new records
by the old count; the collection `accepting` tells it within two seconds.
"""

from collections.abc import Callable, Collection, Mapping

from typing_extensions import override

from consumers.errors import StopConsuming
from consumers.loop import Batch, Handled, Handler
from consumers.records import TopicPartition
from consumers.topics import TopicDescription


class GrowthGuard(Handler):
    """A handler that refuses batches once another count is in force.

    `differing_count` gives that count, None while ours is right; it is asked before every batch.
    """

    def __init__(self, handler: Handler, differing_count: Callable[[], int | None]) -> None:
        self._handler, self._differing_count = handler, differing_count

    @override
    def assigned(
        self, topics: Collection[TopicDescription], committed: Mapping[TopicPartition, int | None]
    ) -> None:
        self._handler.assigned(topics, committed)

    @override
    def apply(self, batch: Batch) -> Handled:
        if (count := self._differing_count()) is not None:
            raise StopConsuming(
                f"the message topic grows to {count} partitions, and KAFKA_PARTITIONS says"
                f" otherwise: start again with KAFKA_PARTITIONS={count} once create_topics is done"
            )
        return self._handler.apply(batch)

"""Runs of dead letters: a bad deploy must not empty the topic (design section 6). Pure.

Which dead letters count is the caller's to say: those of the message topic, but not
`consumers.errors.CAUSED_BY_CLIENTS`.
"""

from collections.abc import Collection, Iterable, Mapping

from consumers.errors import ConsumerError
from consumers.records import Record, TopicPartition

Coordinates = tuple[TopicPartition, int]
"""A partition and an offset in it."""


class BeyondLimit(ConsumerError):
    """The batch must end before these offsets."""

    def __init__(self, offsets: Mapping[TopicPartition, int]) -> None:
        super().__init__("a run of dead letters is beyond its limit")
        self.offsets = offsets


class Runs:
    """Consecutive dead letters at the end of what was handled, by partition."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._lengths: dict[TopicPartition, int] = {}

    def start(self, partition: TopicPartition, length: int) -> None:
        """A partition was assigned; `length` is what lies directly below its committed offset."""
        self._lengths[partition] = length

    def check(
        self,
        batch: Iterable[Record],
        dead: Collection[Coordinates],
        buried: Collection[Coordinates] = (),
    ) -> None:
        """Raises BeyondLimit with the first offset of each partition that would exceed the limit.

        Those of `dead` that are `buried` already count and never exceed it: a replay passes over
        a run that was allowed once.
        """
        if not dead:
            return
        beyond: dict[TopicPartition, int] = {}
        lengths = dict(self._lengths)
        for record in batch:
            partition = record.topic_partition
            coordinates = partition, record.offset
            lengths[partition] = lengths.get(partition, 0) + 1 if coordinates in dead else 0
            if lengths[partition] > self.limit and coordinates not in buried:
                beyond.setdefault(partition, record.offset)
        if beyond:
            raise BeyondLimit(beyond)

    def settle(self, batch: Iterable[Record], dead: Collection[Coordinates]) -> None:
        """The batch was handled: its end is where the next run begins."""
        if not dead:
            self._lengths.update(dict.fromkeys({each.topic_partition for each in batch}, 0))
            return
        for record in batch:
            partition = record.topic_partition
            is_dead = (partition, record.offset) in dead
            self._lengths[partition] = self._lengths.get(partition, 0) + 1 if is_dead else 0

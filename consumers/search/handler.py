"""What the indexer does with a batch: wait until it is stored, then look at what is stored."""

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from functools import partial

from typing_extensions import override

from consumers import metrics
from consumers.attempts import attempt
from consumers.decoding import Entry, PositionRead, SentMessage, decode_later_event, decode_sent
from consumers.errors import Poison, RetryLater
from consumers.loop import Batch, Handled, Handler
from consumers.records import Record, TopicPartition
from consumers.registry import Registry
from consumers.search.applied import CommittedOffsets, waiting
from consumers.search.index import Brought, bring_in
from consumers.topics import Generation, TopicDescription, check_partitions, generation_of
from messaging.changes import MessageDeletedEvent, MessageEditedEvent
from messaging.events import MESSAGE_SENT

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.0
"""For messages that are just being stored; beyond it a batch counts as failed and is told so."""
LOOK_AGAIN_SECONDS = 0.05

REWORDING = (MessageEditedEvent, MessageDeletedEvent)
"""What changes the words of a stored message; reactions, pins and reads do not."""


class SearchHandler(Handler):
    """Applies batches of the message topic to `message_search`; the loop calls it in one thread.

    `partitions` is how many the topic must have; `committed_by_storing` tells how far the group is
    that stores messages.
    """

    def __init__(
        self,
        message_topic: str,
        partitions: int,
        committed_by_storing: CommittedOffsets,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._partitions = partitions
        self._committed_by_storing = committed_by_storing
        self._patience_seconds = patience_seconds
        self._registry = search_registry(message_topic)
        self._generations: dict[str, Generation] = {}

    @override
    def assigned(
        self, topics: Collection[TopicDescription], committed: Mapping[TopicPartition, int | None]
    ) -> None:
        with attempt():
            for described in topics:
                check_partitions(described, self._partitions)
                self._generations[described.topic] = generation_of(described)

    @override
    def apply(self, batch: Batch) -> Handled:
        """Raises RetryLater also while the messages of the batch are not stored yet."""
        entries = self._decode(batch.records)
        self._wait_until_handled(entries)
        brought = bring_in({_message_id(entry) for entry in entries})
        _tell_operators(brought, batch.received_at)
        return Handled(batch.records)

    def _decode(self, records: Sequence[Record]) -> list[Entry]:
        """Poison is left to the group that stores: it makes the dead letter."""
        entries = []
        for record in records:
            try:
                entry = self._registry.decode(record, self._generations[record.topic])
            except Poison:
                continue
            if entry is not None:
                entries.append(entry)
        return entries

    def _wait_until_handled(self, entries: Sequence[Entry]) -> None:
        """Both groups get a record at the same time, so a short wait is nothing to tell of."""
        deadline = time.monotonic() + self._patience_seconds
        while True:
            with attempt():
                entries = waiting(entries, self._committed_by_storing)
            if not entries:
                return
            if time.monotonic() >= deadline:
                first = entries[0].record
                raise RetryLater(
                    f"{len(entries)} records are not stored yet, the first of them"
                    f" {first.topic} [{first.partition}] offset {first.offset}"
                )
            time.sleep(LOOK_AGAIN_SECONDS)  # MongoDB tells nobody that a mark has moved


def search_registry(message_topic: str) -> Registry:
    later = {
        (message_topic, each.__name__): partial(decode_later_event, event_type=each)
        for each in REWORDING
    }
    return Registry({(message_topic, MESSAGE_SENT): decode_sent, **later})


def _message_id(entry: Entry) -> str:
    if isinstance(entry, PositionRead):
        raise TypeError("a read position is of no message")  # the registry decodes none
    return entry.id if isinstance(entry, SentMessage) else entry.event.message_id


def _tell_operators(brought: Brought, received_at: float) -> None:
    metrics.search_documents.labels("written").inc(brought.written)
    metrics.search_documents.labels("unchanged").inc(brought.unchanged)
    metrics.search_documents.labels("not_stored").inc(brought.not_stored)
    if brought.written:
        milliseconds = round((time.monotonic() - received_at) * 1_000)
        logger.info("Indexed %d messages for search in %dms", brought.written, milliseconds)

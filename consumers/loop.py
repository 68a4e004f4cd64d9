"""The loop of one consumer process: knows Kafka, not chat (design section 6).

One process, one consumer, one thread; one batch in flight. Offsets are stored only after the
handler has applied the batch. Whatever comes out of `consume()` ends the process, because
librdkafka may have dropped records that it had handed over. A long module: reading, waiting and
rebalancing share one state.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import confluent_kafka as kafka
import msgspec
from confluent_kafka.admin import AdminClient

from chat_project.kafka_logs import kafka_logger
from consumers import metrics
from consumers.assignment import Assignment
from consumers.errors import RetryLater, StopConsuming
from consumers.membership import Membership, does_kafka_answer
from consumers.offsets import commit, committed_offsets, end_offsets, lag_by_topic, store
from consumers.records import Record, TopicPartition, from_kafka
from consumers.topics import TopicDescription, describe

logger = logging.getLogger(__name__)

T = TypeVar("T")

POLL_SECONDS = 0.05
PAUSE_AFTER_SECONDS = 5.0
"""Pausing throws the prefetched records away, so a short trouble is only waited for."""
FIRST_BACKOFF_SECONDS, LAST_BACKOFF_SECONDS = 0.1, 5.0
SLICE_SECONDS = 0.2
"""How long a stop signal may go unnoticed while waiting."""
REPORT_SECONDS = 1.0
COMMIT_AGAIN_SECONDS = 1.0
"""How long a commit may be unanswered before it is sent again."""
CLOSE_SECONDS = 10.0


class Batch(msgspec.Struct, frozen=True):
    """Records in log order per partition; `received_at` is of the loop's clock, in seconds."""

    records: Sequence[Record]
    received_at: float


class Handled(msgspec.Struct, frozen=True):
    """What a handler made durable: a prefix per partition; all of it unless `stop` says why."""

    records: Sequence[Record]
    stop: str | None = None


class Handler(Protocol):
    """What the loop calls. Both may raise RetryLater, and are then called again."""

    def assigned(
        self, topics: Collection[TopicDescription], committed: Mapping[TopicPartition, int | None]
    ) -> None:
        """Partitions came, with their committed offsets (None: nothing committed yet)."""

    def apply(self, batch: Batch) -> Handled:
        """Makes the batch durable, idempotently. The batch may be empty."""


class Limits(msgspec.Struct, frozen=True):
    """When a batch is closed, and when a draining consumer gives up waiting for partitions."""

    max_batch_size: int = 4_000
    max_batch_age_seconds: float = 0.02
    assignment_seconds: float = 30.0


class _Abandoned(Exception):
    """A stop was asked for while a server was away; abandoning a batch is always safe."""


class ConsumerLoop:
    """Runs until `stop()` is called, by a signal handler, or until the topics are drained."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        admin: AdminClient,
        topics: Sequence[str],
        handler: Handler,
        *,
        limits: Limits,
        drain: bool = False,
        on_lag: Callable[[Mapping[str, int]], None] = metrics.set_lag,
    ) -> None:
        """`on_lag` hears the lag of each topic, once a second."""
        self._assignment = Assignment()
        callbacks = {"error_cb": self._on_error, "on_commit": self._assignment.on_commit}
        self._consumer = kafka.Consumer({**settings, **callbacks}, logger=kafka_logger)
        self._admin = admin
        self._membership = Membership(lambda: does_kafka_answer(self._consumer, topics[0]))
        self._topics = topics
        self._handler = handler
        self._limits = limits
        self._drain = drain
        self._on_lag = on_lag
        self._stop = threading.Event()
        self._fatal: kafka.KafkaError | None = None
        self._batch: list[Record] = []
        """Being applied, all of introduced partitions; shrinks when partitions go away."""
        self._buffer: list[Record] = []
        """Taken from Kafka and waiting for the next batch."""
        self._received_at = 0.0
        self._paused = False
        self._report_at = 0.0
        self._commit_again_at = 0.0

    def stop(self) -> None:
        """Asks for the end; safe in a signal handler. The batch in hand is finished."""
        self._stop.set()

    def run(self) -> None:
        """Raises StopConsuming when going on would harm, KafkaException when Kafka is beyond
        repair. Offsets of handled batches are committed in every case."""
        try:
            self._run()
        except _Abandoned:
            logger.warning("Stopped while waiting: the batch in hand will be delivered again")
        finally:
            self._close()

    def _run(self) -> None:
        ends = end_offsets(self._consumer, self._topics) if self._drain else {}
        self._subscribe()
        started = time.monotonic()
        while not self._stop.is_set():
            self._fill_buffer()
            self._introduce()
            self._handle()
            self._commit_again()
            self._report_lag()
            self._membership.check(self._consumer.memberid())
            waited_seconds = time.monotonic() - started
            if self._drain and self._is_drained(ends, waited_seconds=waited_seconds):
                return

    def _report_lag(self) -> None:
        """At most once a second; also while a server is away, when it matters most."""
        if time.monotonic() > self._report_at:
            self._report_at = time.monotonic() + REPORT_SECONDS
            lags = lag_by_topic(self._consumer, self._assignment.positions)
            self._on_lag(dict.fromkeys(self._topics, 0) | lags)

    def _close(self) -> None:
        """Leaves the group, and waits for commits on their way, but not for ever.

        Without brokers librdkafka's close() was seen to hang for minutes; the process may end
        without it, and the group then takes the session timeout to notice.
        """
        closing = threading.Thread(target=self._consumer.close, name="close", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)
        if closing.is_alive():
            logger.warning("Kafka is away: ended without leaving the group")

    def _subscribe(self) -> None:
        self._consumer.subscribe(
            list(self._topics),
            on_assign=self._assignment.on_assign,
            on_revoke=self._assignment.on_revoke,
            on_lost=self._assignment.on_revoke,
        )

    def _fill_buffer(self) -> None:
        """Waits for a first record, then takes what is there, up to the limits of a batch."""
        size = self._limits.max_batch_size
        if not self._buffer:
            self._take(1, POLL_SECONDS)
            self._received_at = time.monotonic()
        deadline = self._received_at + self._limits.max_batch_age_seconds
        wait = 0.0
        while self._buffer and len(self._buffer) < size and wait >= 0:
            self._take(size - len(self._buffer), wait)
            wait = deadline - time.monotonic()

    def _take(self, count: int, seconds: float) -> None:
        messages = self._consumer.consume(count, seconds)
        if gone := self._assignment.take_gone():
            logger.info("Partitions went away: %s", _names(gone))
            self._batch = [each for each in self._batch if each.topic_partition not in gone]
            self._buffer = [each for each in self._buffer if each.topic_partition not in gone]
        for message in messages:
            if (error := message.error()) is not None:
                self._on_message_error(error)
            else:
                self._buffer.append(from_kafka(message))
        if self._fatal is not None:
            raise kafka.KafkaException(self._fatal)

    def _introduce(self) -> None:
        """Tells the handler of new partitions, and of those whose offsets are not as expected."""
        if self._assignment.fresh:
            self._unpause_fresh()
            self._retrying(lambda: self._tell_handler({}))
        jumps = self._assignment.unexpected(self._buffer[: self._limits.max_batch_size])
        for partition, record in jumps.items():
            metrics.offset_jumps.labels(partition.topic).inc()
            logger.warning(
                "%s [%d] goes on at offset %d instead of %s: records expired, the offset was reset,"
                " or the topic was made again",
                *(*partition, record.offset, self._assignment.positions[partition]),
            )
        if jumps:
            self._retrying(lambda: self._tell_handler(jumps))

    def _tell_handler(self, jumps: Mapping[TopicPartition, Record]) -> None:
        assignment = self._assignment
        partitions = (assignment.fresh | jumps.keys()) & assignment.owned
        committed = committed_offsets(self._consumer, partitions)
        topics = {partition.topic for partition in partitions}
        self._handler.assigned([describe(self._admin, topic) for topic in topics], committed)
        assignment.fresh -= partitions
        if known := [each for each in partitions if committed[each] is not None]:
            logger.info("Partitions came: %s", _names(known))
        if news := [each for each in partitions if committed[each] is None]:
            logger.info("Nothing committed yet, so from the first record: %s", _names(news))
        for partition in partitions:
            jump = jumps.get(partition)
            assignment.positions[partition] = jump.offset if jump else committed[partition]

    def _handle(self) -> None:
        if not self._buffer:
            return
        size = self._limits.max_batch_size
        self._batch, self._buffer = self._buffer[:size], self._buffer[size:]
        handled = self._retrying(lambda: self._handler.apply(Batch(self._batch, self._received_at)))
        self._batch = []
        self._commit(self._assignment.advance(handled.records))
        if handled.stop:
            raise StopConsuming(handled.stop)

    def _commit(self, following: Mapping[TopicPartition, int]) -> None:
        store(self._consumer, following)
        commit(self._consumer)
        self._commit_again_at = time.monotonic() + COMMIT_AGAIN_SECONDS

    def _commit_again(self) -> None:
        """Brokers refuse commits while the group rebalances, and librdkafka does not repeat them:
        without this an idle partition would stay behind until its next record."""
        if self._assignment.uncommitted and time.monotonic() > self._commit_again_at:
            self._commit(self._assignment.uncommitted)

    def _retrying(self, step: Callable[[], T]) -> T:
        """Tries for ever with backoff, and keeps polling. Raises _Abandoned when asked to stop."""
        stalled_since = time.monotonic()
        backoff = FIRST_BACKOFF_SECONDS
        while True:
            try:
                result = step()
            except RetryLater as error:
                metrics.retries.inc()
                logger.warning("Trying again in %.1f s: %s", backoff, error)
                self._wait(backoff, pause=time.monotonic() - stalled_since > PAUSE_AFTER_SECONDS)
                backoff = min(2 * backoff, LAST_BACKOFF_SECONDS)
            else:
                self._resume()
                return result

    def _wait(self, seconds: float, *, pause: bool) -> None:
        """Serves rebalances meanwhile; a record that still arrives is kept for the next batch."""
        deadline = time.monotonic() + seconds
        self._take(1, 0)
        while (remaining := deadline - time.monotonic()) > 0 and not self._stop.is_set():
            self._report_lag()
            if pause:
                self._pause()
                self._take(1, min(remaining, SLICE_SECONDS))
            else:
                self._stop.wait(remaining)
        if self._stop.is_set():
            raise _Abandoned

    def _pause(self) -> None:
        """Also pauses partitions that came meanwhile: they arrive running."""
        self._consumer.pause(self._consumer.assignment())
        if not self._paused:
            logger.warning("Paused: no more records are fetched until this batch is stored")
        self._paused = True

    def _resume(self) -> None:
        if self._paused:
            self._consumer.resume(self._consumer.assignment())
            logger.info("Going on")
        self._paused = False

    def _unpause_fresh(self) -> None:
        """librdkafka keeps the pause of a partition that goes away, and it comes back paused."""
        self._consumer.resume([kafka.TopicPartition(*each) for each in self._assignment.fresh])

    def _is_drained(self, ends: Mapping[TopicPartition, int], *, waited_seconds: float) -> bool:
        assignment = self._assignment
        if not assignment.owned:
            return waited_seconds > self._limits.assignment_seconds
        return not (self._buffer or assignment.uncommitted) and all(
            (assignment.positions.get(partition) or 0) >= ends.get(partition, 0)
            for partition in assignment.owned
        )

    def _on_message_error(self, error: kafka.KafkaError) -> None:
        if error.fatal():
            raise kafka.KafkaException(error)
        logger.warning("Kafka: %s", error)

    def _on_error(self, error: kafka.KafkaError) -> None:
        """A callback: it must not raise. What is not fatal mends itself, and is logged anyway."""
        if error.fatal():
            self._fatal = error


def _names(partitions: Iterable[TopicPartition]) -> str:
    return ", ".join(f"{topic} [{number}]" for topic, number in sorted(partitions))

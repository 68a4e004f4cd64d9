"""The Kafka producer of a process: acknowledged sends with a bounded wait (design section 4)."""

import logging
import os
import signal
from atexit import register
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import BoundedSemaphore, Event, Lock, Thread
from time import monotonic
from zlib import crc32

import confluent_kafka
from confluent_kafka import KafkaError, KafkaException
from django.conf import settings

from chat_project.kafka_logs import kafka_logger
from chat_project.settings.environment import environment
from messaging.deliveries import (
    Delivered,
    Delivery,
    LateRefusal,
    PendingSend,
    Reason,
    Refused,
    Unknown,
)
from messaging.errors import KafkaAway
from messaging.events import Outgoing
from messaging.pause import gate

logger = logging.getLogger(__name__)

REPORT_TIMEOUT_SECONDS = 2.0
SLOT_TIMEOUT_SECONDS = 0.5
"""How long a send waits until fewer threads wait for Kafka: a broker's pause is no outage."""
METADATA_TIMEOUT_SECONDS = 1.5
CLOSE_TIMEOUT_SECONDS = 2.0
QUEUE_LIMIT = 100_000  # records; librdkafka's default

_DURABLE = {
    "acks": "all",
    "enable.idempotence": True,
    "compression.type": "lz4",
    "linger.ms": 1,
    "message.timeout.ms": 30_000,
    "queue.buffering.max.kbytes": 65_536,
    # The default of 10 s would leave sends refused long after the brokers are back.
    "reconnect.backoff.max.ms": 1_000,
}

_DEFINITE_FAILURES: Mapping[int, Reason] = {
    KafkaError.MSG_SIZE_TOO_LARGE: Reason.TOO_LARGE,
    KafkaError.INVALID_RECORD: Reason.REJECTED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED: Reason.NOT_AUTHORIZED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: Reason.NOT_AUTHORIZED,
    KafkaError._PURGE_QUEUE: Reason.KAFKA_UNAVAILABLE,
}


class Producer:
    """Sends records to one topic and tells what became of each; thread-safe, not fork-safe.

    Takes librdkafka's connection settings, the topic and its partition count (the key's CRC32
    decides the partition, as librdkafka's `consistent_random` does for the .NET services),
    how many threads may wait for Kafka at a time, how many records may be queued, and what
    tells why nothing may be sent now (the pause while the topic grows), given a way to count the
    topic's partitions.
    """

    def __init__(
        self,
        connection: Mapping[str, str],
        topic: str,
        *,
        partitions: int,
        waiting_threads: int,
        queue_limit: int = QUEUE_LIMIT,
        refusal: Callable[[Callable[[], int]], Refused | None] = lambda _count: None,
    ) -> None:
        config = {
            **connection,
            **_DURABLE,
            "queue.buffering.max.messages": queue_limit,
            "error_cb": self._on_error,
        }
        self._kafka = confluent_kafka.Producer(config, logger=kafka_logger)
        self._topic, self._partitions = topic, partitions
        self._refusal = refusal
        self._slots = BoundedSemaphore(waiting_threads)
        self._sent_at: OrderedDict[PendingSend, float] = OrderedDict()
        self._sent_at_lock = Lock()
        self._closing = Event()
        self._poller = Thread(target=self._poll_until_closed, name="kafka-reports", daemon=True)
        self._poller.start()

    def send(self, records: Sequence[Outgoing], on_late_refusal: LateRefusal) -> list[Delivery]:
        """Produces all records in their order and waits once, at most 2.6 s; one outcome each.

        While Kafka is silent or the topic grows every record is refused at once. A record whose outcome is Unknown
        and that is refused later calls `on_late_refusal` with its index, on another thread.
        """
        if (refused := self._refusal(self._count_partitions)) is not None:
            return [refused] * len(records)
        if self._is_kafka_silent() or not self._slots.acquire(timeout=SLOT_TIMEOUT_SECONDS):
            return [Refused(Reason.KAFKA_UNAVAILABLE)] * len(records)
        try:
            pending = self._produce(records, on_late_refusal)
            return pending.wait(REPORT_TIMEOUT_SECONDS)
        finally:
            self._slots.release()

    def check_reachable(self) -> None:
        """Raises KafkaAway unless a broker answers in 1.5 s and the topic has its partitions."""
        if (count := self._count_partitions()) != self._partitions:
            raise KafkaAway(
                f"topic {self._topic} has {count} partitions,"
                f" KAFKA_PARTITIONS says {self._partitions}"
            )

    def _count_partitions(self) -> int:
        """Raises KafkaAway unless a broker answers in 1.5 s."""
        try:
            metadata = self._kafka.list_topics(self._topic, timeout=METADATA_TIMEOUT_SECONDS)
        except KafkaException as error:
            raise KafkaAway(f"no Kafka broker answers: {error.args[0].str()}") from error
        topic = metadata.topics[self._topic]
        if topic.error is not None:
            raise KafkaAway(f"topic {self._topic}: {topic.error.str()} (run create_topics)")
        return len(topic.partitions)

    def close(self) -> None:
        """Gives queued records 2 s to be acknowledged, drops the rest, ends the thread."""
        self._closing.set()
        self._poller.join()
        if self._kafka.flush(CLOSE_TIMEOUT_SECONDS):
            self._kafka.purge(in_queue=True, in_flight=False)
            self._kafka.poll(0)

    def _is_kafka_silent(self) -> bool:
        with self._sent_at_lock:
            oldest = next(iter(self._sent_at.values()), None)
        return oldest is not None and monotonic() - oldest > REPORT_TIMEOUT_SECONDS

    def _produce(self, records: Sequence[Outgoing], on_late_refusal: LateRefusal) -> PendingSend:
        pending = PendingSend(len(records), on_late_refusal)
        with self._sent_at_lock:
            self._sent_at[pending] = monotonic()
        is_full = False
        for index, record in enumerate(records):
            # Nothing of this send may overtake the record that found no room.
            is_full = is_full or not self._enqueue(record, pending, index)
            if is_full:
                self._settle(pending, index, Refused(Reason.QUEUE_FULL))
        return pending

    def _enqueue(self, record: Outgoing, pending: PendingSend, index: int) -> bool:
        """Hands one record to librdkafka; whether there was room for it."""
        key = record.key.encode()
        try:
            self._kafka.produce(
                self._topic,
                record.value,
                key,
                partition=crc32(key) % self._partitions,
                headers=[*record.headers],
                on_delivery=partial(self._on_report, pending, index),
            )
        except BufferError:
            return False
        except KafkaException as error:
            reason = _DEFINITE_FAILURES.get(error.args[0].code(), Reason.REJECTED)
            logger.warning("Kafka's client refuses a record: %s", error.args[0].str())
            self._settle(pending, index, Refused(reason))
        return True

    def _on_report(
        self, pending: PendingSend, index: int, error: KafkaError | None, _message: object
    ) -> None:
        if error is None:
            self._settle(pending, index, Delivered())
            return
        logger.warning("Kafka did not acknowledge a record: %s", error.str())
        reason = _DEFINITE_FAILURES.get(error.code())
        self._settle(pending, index, Refused(reason) if reason else Unknown())

    def _settle(self, pending: PendingSend, index: int, delivery: Delivery) -> None:
        if pending.settle(index, delivery):
            with self._sent_at_lock:
                del self._sent_at[pending]

    def _on_error(self, error: KafkaError) -> None:
        # Everything else mends itself, and librdkafka's own log lines tell of it.
        if error.fatal():
            _end_process(f"Kafka's client has failed for good: {error.str()}")

    def _poll_until_closed(self) -> None:
        """Serves the reports; a worker without this thread could acknowledge nothing."""
        try:
            while not self._closing.is_set():
                self._kafka.poll(0.1)
        except BaseException:
            _end_process("the thread that serves Kafka's reports has died")
            raise


def producer() -> Producer:
    """The producer of this process, made at its first use (never before a fork)."""
    pid = os.getpid()
    if pid not in _producers:
        with _creation:
            if pid not in _producers:
                _producers[pid] = _create()
    return _producers[pid]


def check_reachable() -> None:
    """The readiness check `kafka`; raises KafkaAway."""
    producer().check_reachable()


# By process id: a forked child can neither use nor free the one of its parent.
_producers: dict[int, Producer] = {}
_creation = Lock()


def _create() -> Producer:
    created = Producer(
        environment().kafka_connection() | {"client.id": environment().kafka_producer_client_id},
        environment().message_topic,
        partitions=environment().kafka_partitions,
        waiting_threads=max(1, settings.API_THREADS // 2),
        refusal=gate().refusal,
    )
    register(_close_in, os.getpid())
    return created


def _close_in(pid: int) -> None:
    if os.getpid() == pid:
        _producers[pid].close()


def _end_process(reason: str) -> None:
    """Asks this process to stop, so that its supervisor starts a sound one."""
    logger.critical("%s; ending this process", reason)
    os.kill(os.getpid(), signal.SIGTERM)

"""What became of produced records: the outcomes, and the one wait for all records of a send."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock

LateRefusal = Callable[[int], None]
"""Called with a record's index in its send, on the producer's polling thread."""


class Reason(StrEnum):
    """Why a record is definitely not in Kafka; the values are the API's error codes."""

    KAFKA_UNAVAILABLE = "kafka_unavailable"
    QUEUE_FULL = "queue_full"
    TOO_LARGE = "message_too_large"
    NOT_AUTHORIZED = "kafka_not_authorized"
    REJECTED = "kafka_rejected"
    ACCEPTING_PAUSED = "accepting_paused"
    PARTITIONS_DIFFER = "partitions_differ"


@dataclass(frozen=True, slots=True)
class Delivered:
    """Kafka acknowledged the record with all in-sync replicas."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The record may be in Kafka, may come there later, or never."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The record is not in Kafka and will not come there."""

    reason: Reason


Delivery = Delivered | Unknown | Refused


class PendingSend:
    """The records of one send while their reports are awaited; thread-safe.

    Whatever is settled after `wait` has answered is late: a definite refusal is then told to
    `on_late_refusal`, everything else changes nothing.
    """

    __slots__ = ("_answered", "_lock", "_missing", "_missing_any", "_on_late_refusal", "_outcomes")

    def __init__(self, count: int, on_late_refusal: LateRefusal) -> None:
        self._outcomes: list[Delivery | None] = [None] * count
        self._missing = count
        self._on_late_refusal = on_late_refusal
        self._answered = False
        self._lock = Lock()
        # Held until everything is settled: an Event is a lock too, within four layers of Python.
        self._missing_any = Lock()
        self._missing_any.acquire()

    def settle(self, index: int, delivery: Delivery) -> bool:
        """Notes one record's outcome; whether it was the last one missing."""
        with self._lock:
            self._outcomes[index] = delivery
            self._missing -= 1
            is_last, is_late = self._missing == 0, self._answered
        if is_last:
            self._missing_any.release()
        if is_late and isinstance(delivery, Refused):
            self._on_late_refusal(index)
        return is_last

    def wait(self, timeout_seconds: float) -> list[Delivery]:
        """Blocks until every record is settled or the time is over; one outcome per record."""
        self._missing_any.acquire(timeout=timeout_seconds)
        with self._lock:
            self._answered = True
            return [outcome or Unknown() for outcome in self._outcomes]

"""Whether this process may produce now: accepting stops while the topic grows (decision 0014).

The collection `accepting` says so, one document per topic; `create_topics --partitions` writes it.
"""

import logging
import os
from atexit import register
from collections.abc import Callable
from threading import Event, Lock, Thread

import msgspec
import pymongo
from pymongo.errors import PyMongoError

from chat_project.mongodb import majority_collection
from chat_project.settings.environment import environment
from messaging.deliveries import Reason, Refused
from messaging.errors import AcceptingPaused, KafkaAway

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
LOOK_SECONDS = 1.0
"""Bound of one look; what is known stays valid when it fails."""
COUNT_SECONDS = 0.5
"""How long a send waits while another one asks Kafka for the topic's partitions."""


class Accepting(msgspec.Struct, frozen=True):
    """The state of a topic: the partition count in force, whether accepting is paused, and while
    it is paused, the count that the topic grows to and the id of the run that paused it."""

    partitions: int
    paused: bool
    grows_to: int | None = None
    run: str | None = None


def read_accepting(topic: str) -> Accepting | None:
    """None: this topic never grew, so it is open. Raises pymongo's errors."""
    found = majority_collection("accepting").find_one({"_id": topic})
    if found is None:
        return None
    return Accepting(found["partitions"], found["paused"], found.get("growsTo"), found.get("run"))


class Gate:
    """What this process knows of its topic's state, asked for once a second on a thread.

    `partitions` is what this process computes with. What is known stays when MongoDB is away. While
    nothing is known yet, the topic's own count decides, asked for once: a topic that has grown must
    not be sent to with the old one. A document that cannot be understood counts as paused.
    Thread-safe, not fork-safe.
    """

    def __init__(self, partitions: int, look: Callable[[], Accepting | None]) -> None:
        self._partitions, self._look = partitions, look
        self._known: Accepting | None = None
        self._is_known = False
        self._is_damaged = False
        self._counted: int | None = None
        self._counting = Lock()
        self._has_looked, self._closing = Event(), Event()
        self._poller = Thread(target=self._poll, name="accepting", daemon=True)

    def start(self) -> "Gate":
        """Waits for the first look, at most 1 s."""
        self._poller.start()
        self._has_looked.wait(LOOK_SECONDS)
        return self

    def close(self) -> None:
        self._closing.set()
        self._poller.join()

    def refusal(self, count: Callable[[], int]) -> Refused | None:
        """Why nothing may be produced now; None: go on. Only memory is asked, but for `count`, which
        gives the topic's partitions, or raises KafkaAway."""
        if self._is_damaged:
            return Refused(Reason.ACCEPTING_PAUSED)
        if not self._is_known and not self._has_counted(count):
            return Refused(Reason.KAFKA_UNAVAILABLE)
        if self._known is not None and self._known.paused:
            return Refused(Reason.ACCEPTING_PAUSED)
        return None if self.differing_count() is None else Refused(Reason.PARTITIONS_DIFFER)

    def differing_count(self) -> int | None:
        """The partition count in force, if this process computes with another one."""
        known = None if self._known is None else self._known.partitions
        in_force = known if self._is_known else self._counted
        return None if in_force == self._partitions else in_force

    def _has_counted(self, count: Callable[[], int]) -> bool:
        """False also while another thread asks Kafka."""
        if self._counted is None and self._counting.acquire(timeout=COUNT_SECONDS):
            try:
                if self._counted is None:
                    self._counted = count()
            except KafkaAway:
                return False
            finally:
                self._counting.release()
        return self._counted is not None

    def check_open(self) -> None:
        """Raises AcceptingPaused, saying why."""
        if self._is_damaged:
            raise AcceptingPaused("the topic's document in the collection accepting is damaged")
        if (count := self.differing_count()) is not None:
            raise AcceptingPaused(
                f"the topic has {count} partitions and KAFKA_PARTITIONS is {self._partitions}:"
                f" start this process again with KAFKA_PARTITIONS={count}"
            )
        if self._known is not None and self._known.paused:
            raise AcceptingPaused(f"the topic grows to {self._known.grows_to} partitions")

    def _poll(self) -> None:
        was_away = False
        while not self._closing.is_set():
            try:
                with pymongo.timeout(LOOK_SECONDS):
                    self._known = self._look()
                self._is_known = True
                was_away = self._is_damaged = False
            except PyMongoError as error:
                if not was_away:
                    logger.warning("Whether accepting is paused cannot be read: %s", error)
                was_away = True
            except Exception:  # else this process would never look again
                if not self._is_damaged:
                    logger.exception("Whether accepting is paused is not understood: it is")
                self._is_damaged = True
            self._has_looked.set()
            self._closing.wait(POLL_SECONDS)


def gate() -> Gate:
    """The gate of this process, made at its first use (never before a fork)."""
    pid = os.getpid()
    if pid not in _gates:
        with _creation:
            if pid not in _gates:
                _gates[pid] = _create()
    return _gates[pid]


def check_open() -> None:
    """The readiness check `accepting`; raises AcceptingPaused."""
    gate().check_open()


# By process id: a forked child has no poller.
_gates: dict[int, Gate] = {}
_creation = Lock()


def _create() -> Gate:
    topic = environment().message_topic
    register(_close_in, os.getpid())
    return Gate(environment().kafka_partitions, lambda: read_accepting(topic)).start()


def _close_in(pid: int) -> None:
    if os.getpid() == pid:
        _gates[pid].close()

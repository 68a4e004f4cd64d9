"""The producer of a process, and what it makes of reports."""

import os
import signal
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError

from chat_project.settings.environment import environment
from messaging import producer as module
from messaging.deliveries import Delivered, PendingSend, Reason, Refused, Unknown
from messaging.errors import KafkaAway
from messaging.events import Outgoing
from tests.messaging.conftest import UseProducer

RECORD = Outgoing(key="k", value=b"{}", headers=[])


def ignore(_index: int) -> None:
    """Nobody minds a late refusal."""


def test_a_send_is_answered_in_the_order_of_its_records() -> None:
    pending = PendingSend(3, ignore)
    pending.settle(2, Delivered())
    pending.settle(0, Refused(Reason.REJECTED))
    pending.settle(1, Unknown())

    assert pending.wait(0) == [Refused(Reason.REJECTED), Unknown(), Delivered()]


def test_what_has_no_report_in_time_is_unknown() -> None:
    pending = PendingSend(2, ignore)
    pending.settle(1, Delivered())

    assert pending.wait(0) == [Unknown(), Delivered()]


@pytest.mark.parametrize(
    ("report", "told"),
    [(Delivered(), []), (Unknown(), []), (Refused(Reason.TOO_LARGE), [0])],
    ids=["delivered", "unknown", "refused"],
)
def test_only_a_definite_failure_is_told_when_it_comes_late(report: Any, told: list[int]) -> None:
    late: list[int] = []
    pending = PendingSend(1, late.append)
    pending.wait(0)

    assert pending.settle(0, report) is True
    assert late == told


def test_a_failure_in_time_is_answered_and_not_told() -> None:
    late: list[int] = []
    pending = PendingSend(1, late.append)
    pending.settle(0, Refused(Reason.TOO_LARGE))

    assert pending.wait(0) == [Refused(Reason.TOO_LARGE)]
    assert late == []


DEFINITE = [
    (KafkaError.MSG_SIZE_TOO_LARGE, Refused(Reason.TOO_LARGE)),
    (KafkaError.INVALID_RECORD, Refused(Reason.REJECTED)),
    (KafkaError.TOPIC_AUTHORIZATION_FAILED, Refused(Reason.NOT_AUTHORIZED)),
    (KafkaError._PURGE_QUEUE, Refused(Reason.KAFKA_UNAVAILABLE)),
]
UNKNOWN = [
    (code, Unknown())
    for code in (
        KafkaError._MSG_TIMED_OUT,
        KafkaError._PURGE_INFLIGHT,
        KafkaError.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        KafkaError._FATAL,
    )
]


@pytest.mark.parametrize(("code", "delivery"), DEFINITE + UNKNOWN)
def test_a_report_is_definite_or_unknown(
    code: int, delivery: Any, use_producer: UseProducer
) -> None:
    pending = PendingSend(1, ignore)
    producer = use_producer()
    producer._sent_at[pending] = 0

    producer._on_report(pending, 0, KafkaError(code), None)

    assert pending.wait(0) == [delivery]


def test_a_busy_kafka_is_waited_for_but_not_long(use_producer: UseProducer) -> None:
    producer = use_producer()
    waited: list[float] = []
    producer._slots = SimpleNamespace(acquire=lambda timeout: waited.append(timeout))

    assert producer.send([RECORD], ignore) == [Refused(Reason.KAFKA_UNAVAILABLE)]
    assert waited == [0.5]


@pytest.fixture
def terminations() -> Iterator[list[int]]:
    """The SIGTERMs that this process gets meanwhile."""
    got: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: got.append(number))
    yield got
    signal.signal(signal.SIGTERM, before)


def test_a_fatal_error_ends_the_process_and_others_do_not(
    terminations: list[int], use_producer: UseProducer
) -> None:
    producer = use_producer()

    producer._on_error(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    assert terminations == []

    producer._on_error(KafkaError(KafkaError._FATAL, "fenced", fatal=True))
    assert terminations == [signal.SIGTERM]


def test_each_process_has_one_producer_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = module.producer()
    assert module.producer() is mine

    monkeypatch.setattr(os, "getpid", lambda: -1)
    forked = module.producer()
    assert forked is not mine
    assert module._producers.pop(-1) is forked
    forked.close()


def test_kafka_is_reachable_while_it_answers(database: None) -> None:
    module.check_reachable()


def test_kafka_is_away_when_no_broker_answers(use_producer: UseProducer) -> None:
    with pytest.raises(KafkaAway, match="no Kafka broker answers"):
        use_producer().check_reachable()


def test_a_missing_topic_is_told(database: None, use_producer: UseProducer) -> None:
    servers = environment().kafka_bootstrap_servers

    with pytest.raises(KafkaAway, match="run create_topics"):
        use_producer(servers, topic="never.made").check_reachable()


def test_a_topic_with_other_partitions_than_the_settings_is_told(
    database: None, monkeypatch: pytest.MonkeyPatch, use_producer: UseProducer
) -> None:
    producer = use_producer(environment().kafka_bootstrap_servers, partitions=3)

    with pytest.raises(KafkaAway, match="10 partitions, KAFKA_PARTITIONS says 3"):
        producer.check_reachable()


class RoomForOneLess:
    """librdkafka's queue as a send may meet it: full for one record, with room for the next."""

    def __init__(self) -> None:
        self.produced: list[bytes] = []

    def produce(self, _topic: str, value: bytes, *_: Any, **__: Any) -> None:
        if value == b"2":
            raise BufferError
        self.produced.append(value)


def test_nothing_overtakes_a_record_that_found_no_room(
    use_producer: UseProducer, monkeypatch: pytest.MonkeyPatch
) -> None:
    producer = use_producer()
    queue = RoomForOneLess()
    records = [Outgoing(key="k", value=value, headers=[]) for value in (b"1", b"2", b"3")]
    monkeypatch.setattr(module, "REPORT_TIMEOUT_SECONDS", 0.0)
    kafka, producer._kafka = producer._kafka, mixed_with(queue, producer._kafka)

    outcomes = producer.send(records, ignore)

    producer._kafka = kafka
    assert queue.produced == [b"1"]
    assert outcomes == [Unknown(), Refused(Reason.QUEUE_FULL), Refused(Reason.QUEUE_FULL)]


def mixed_with(queue: RoomForOneLess, kafka: Any) -> Any:
    """Produces into the queue, polls the real client."""
    return SimpleNamespace(produce=queue.produce, poll=kafka.poll)


def test_an_empty_send_is_answered_at_once(use_producer: UseProducer) -> None:
    nothing: list[Outgoing] = []

    assert use_producer().send(nothing, ignore) == []

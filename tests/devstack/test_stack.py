"""Whole instances: what survives a stop, and three nodes."""

from typing import Any

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic
from pymongo import MongoClient
from redis import Redis

from devstack import Stack, StackError, State
from devstack.pytest_plugin import StackFactory

Client = MongoClient[dict[str, Any]]


@pytest.fixture(scope="module")
def one(private_stack: StackFactory) -> Stack:
    return private_stack()


def _states(stack: Stack) -> set[State]:
    return {line.state for line in stack.status()}


def test_an_instance_that_runs_is_left_alone_by_up(one: Stack) -> None:
    before = one.status()

    one.up()

    assert [line.pid for line in one.status()] == [line.pid for line in before]
    assert _states(one) == {State.UP}


def test_data_survives_down_and_up(one: Stack) -> None:
    _produce(one, "kept", b"message")
    with Client(one.env()["MONGODB_URI"]) as client:
        client.shop.kept.insert_one({"_id": "document"})

    one.down()
    assert _states(one) == {State.DOWN}
    one.up()

    assert _first_record(one, "kept") == b"message"
    with Client(one.env()["MONGODB_URI"]) as client:
        assert client.shop.kept.find_one() == {"_id": "document"}
    with Redis.from_url(one.env()["REDIS_URL"]) as redis:
        assert redis.ping()


def test_the_options_of_kafkas_jvm_can_be_replaced(
    one: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka = one.service("kafka-1")
    assert "-XX:TieredStopAtLevel=1" in " ".join(kafka.command())

    monkeypatch.setenv("DEVSTACK_KAFKA_OPTIONS", "-Xmx512m -Xss1m")

    command = " ".join(kafka.command())
    assert "-Xmx512m -Xss1m" in command
    assert "-XX:TieredStopAtLevel" not in command


def test_a_failed_start_stops_what_it_started(idle_stack: Stack) -> None:
    (idle_stack.service("mongodb").data / "mongod.lock").mkdir(parents=True)

    with pytest.raises(StackError, match="mongodb died"):
        idle_stack.up()

    assert _states(idle_stack) == {State.DOWN}


def test_three_nodes_replicate_and_survive_one_loss(private_stack: StackFactory) -> None:
    three = private_stack(brokers=3, mongodb_members=3)
    _produce(three, "replicated", b"before")
    topic = AdminClient(_kafka(three)).list_topics("replicated", timeout=10).topics["replicated"]
    assert len(topic.partitions[0].replicas) == 3

    three.service("kafka-2").kill()
    three.service("mongodb-1").kill()

    _produce(three, "replicated", b"after")
    with Client(three.env()["MONGODB_URI"]) as client:
        client.shop.kept.insert_one({"_id": "document"})


def _kafka(stack: Stack) -> dict[str, str]:
    return {"bootstrap.servers": stack.env()["KAFKA_BOOTSTRAP_SERVERS"]}


def _produce(stack: Stack, topic: str, value: bytes) -> None:
    admin = AdminClient(_kafka(stack))
    if topic not in admin.list_topics(timeout=10).topics:
        for creation in admin.create_topics([NewTopic(topic)], operation_timeout=10).values():
            creation.result()
    errors: list[object] = []
    producer = Producer({**_kafka(stack), "acks": "all", "log_level": 0})
    producer.produce(topic, value, on_delivery=lambda error, _: errors.append(error))
    assert producer.flush(30) == 0
    assert errors == [None]


def _first_record(stack: Stack, topic: str) -> bytes | None:
    group = {"group.id": "reader", "auto.offset.reset": "earliest"}
    consumer = Consumer({**_kafka(stack), **group})
    try:
        consumer.subscribe([topic])
        record = consumer.poll(30)
        assert record is not None
        return record.value()
    finally:
        consumer.close()

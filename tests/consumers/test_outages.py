"""Servers that go away and come back while messages arrive: nothing lost, nothing doubled."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from chat_project.identifiers import new_id
from chat_project.mongodb import CLIENT_OPTIONS
from devstack import Stack
from messaging.documents import Message
from tests.consumers.pipelines import Pipeline, scrape
from tests.processes import Process
from tests.waiting import wait_until

OUTAGE_SECONDS = 20.0


class Broken:
    """A pipeline on servers that a test may break."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        addresses = stack.env()
        self.pipeline = Pipeline(addresses)
        client: MongoClient[dict[str, Any]] = MongoClient(
            addresses["MONGODB_URI"], **CLIENT_OPTIONS
        )
        self.client = client
        self._database = client[self.pipeline.environment.mongodb_database]
        for index in Message._meta["index_specs"]:
            self._database["messages"].create_index(
                index["fields"], unique=index.get("unique", False)
            )

    def conversation(self) -> str:
        conversation_id = new_id()
        self._database["conversations"].insert_one(
            {"_id": conversation_id, "tenantId": "tenant-1", "lastSeq": 0}
        )
        return conversation_id

    def stored(self, room: str) -> list[tuple[str, int]]:
        found = self._database["messages"].find({"conversationId": room}).sort("seq", 1)
        return [(document["_id"], document["seq"]) for document in found]

    def last_seq(self, room: str) -> int:
        found = self._database["conversations"].find_one({"_id": room}) or {}
        return int(found["lastSeq"])


@pytest.fixture(scope="module")
def broken(private_stack: Callable[..., Stack]) -> Iterator[Broken]:
    made = Broken(private_stack())
    yield made
    made.client.close()


def numbered(ids: list[str]) -> list[tuple[str, int]]:
    return [(message_id, number) for number, message_id in enumerate(ids, 1)]


def lag_told_by(pipeline: Pipeline, consumer: Process) -> float:
    """`kafka_consumer_lag` of the message topic."""
    name = f'kafka_consumer_lag{{topic="{pipeline.environment.message_topic}"}} '
    lines = scrape(consumer).splitlines()
    return next(float(line.removeprefix(name)) for line in lines if line.startswith(name))


@pytest.mark.parametrize("how", ["killed", "hanging"])
def test_mongodb_gone_delays_and_loses_nothing(broken: Broken, how: str) -> None:
    room = broken.conversation()
    pipeline = broken.pipeline
    mongodb = broken.stack.service("mongodb")
    with pipeline.consumer() as consumer:
        ids = pipeline.send(room, 10)
        wait_until(lambda: broken.last_seq(room) == 10, "the first ten are stored")

        gone_since = time.monotonic()
        mongodb.kill() if how == "killed" else mongodb.pause()
        ids += pipeline.send(room, 10)
        wait_until(lambda: "Paused" in consumer.output(), "the consumer pauses", seconds=60)
        ids += pipeline.send(room, 10)
        wait_until(
            lambda: lag_told_by(pipeline, consumer) > 0, "the consumer tells that it is behind"
        )
        if how == "killed":
            wait_until(lambda: time.monotonic() - gone_since > OUTAGE_SECONDS, "the time is over")
        mongodb.start() if how == "killed" else mongodb.resume()

        wait_until(lambda: broken.last_seq(room) == 30, "all are stored", seconds=60)
        ids += pipeline.send(room, 1)
        wait_until(lambda: broken.last_seq(room) == 31, "it goes on")
        assert consumer.stop() == 0

    assert broken.stored(room) == numbered(ids)
    assert pipeline.dead_lettered() == []


def test_a_rebalance_during_an_outage_loses_and_doubles_nothing(broken: Broken) -> None:
    rooms = [broken.conversation() for _ in range(30)]
    pipeline = broken.pipeline
    mongodb = broken.stack.service("mongodb")
    with pipeline.consumer() as one:
        sent = {room: pipeline.send(room) for room in rooms}
        wait_until(lambda: all(broken.last_seq(room) == 1 for room in rooms), "all are stored")
        mongodb.pause()
        for room in rooms:
            sent[room] += pipeline.send(room, 5)
        wait_until(lambda: "Trying again" in one.output(), "the first one waits", seconds=60)
        with pipeline.consumer() as other:
            wait_until(lambda: "Trying again" in other.output(), "partitions moved", seconds=60)
            mongodb.resume()
            for room in rooms:
                sent[room] += pipeline.send(room)
            wait_until(lambda: all(broken.last_seq(room) == 7 for room in rooms), "all are stored")
            assert one.stop() == other.stop() == 0

    for room, ids in sent.items():
        assert broken.stored(room) == numbered(ids)


@pytest.mark.parametrize("how", ["killed", "hanging"])
def test_redis_gone_delays_no_message(broken: Broken, how: str) -> None:
    room = broken.conversation()
    pipeline = broken.pipeline
    redis = broken.stack.service("redis")
    with pipeline.consumer() as consumer:
        ids = pipeline.send(room)
        wait_until(lambda: broken.last_seq(room) == 1, "the first is stored")

        redis.kill() if how == "killed" else redis.pause()
        ids += pipeline.send(room, 10)
        wait_until(lambda: broken.last_seq(room) == 11, "the next are stored without Redis")
        redis.start() if how == "killed" else redis.resume()
        assert consumer.stop() == 0

    assert broken.stored(room) == numbered(ids)


def test_sigterm_ends_a_consumer_that_waits_for_mongodb(broken: Broken) -> None:
    room = broken.conversation()
    pipeline = broken.pipeline
    mongodb = broken.stack.service("mongodb")
    with pipeline.consumer() as consumer:
        first = pipeline.send(room)
        wait_until(lambda: broken.last_seq(room) == 1, "the first is stored")
        mongodb.kill()
        try:
            waiting = pipeline.send(room)
            wait_until(lambda: "Trying again" in consumer.output(), "it waits", seconds=30)
            assert consumer.stop() == 0
        finally:
            mongodb.start()

    with pipeline.consumer("--drain") as successor:
        assert successor.wait() == 0
    assert broken.stored(room) == numbered(first + waiting)


def test_sigterm_ends_a_consumer_whose_kafka_is_gone(broken: Broken) -> None:
    room = broken.conversation()
    pipeline = broken.pipeline
    kafka = broken.stack.service("kafka-1")
    with pipeline.consumer() as consumer:
        ids = pipeline.send(room)
        wait_until(lambda: broken.last_seq(room) == 1, "the first is stored")
        kafka.kill()
        try:
            assert consumer.stop() == 0
        finally:
            kafka.start()

    with pipeline.consumer("--drain") as successor:
        assert successor.wait(60) == 0
    assert broken.stored(room) == numbered(ids)


def test_a_dead_letter_topic_that_takes_nothing_blocks_and_drops_nothing(broken: Broken) -> None:
    room = broken.conversation()
    pipeline = Pipeline(broken.stack.env())
    pipeline.delete_dead_letter_topic()
    with pipeline.consumer() as consumer:
        pipeline.produce([b"broken"], partition=3)
        wait_until(lambda: "takes no records" in consumer.output(), "it says so", seconds=60)
        assert pipeline.lag() == 1

        pipeline.create_topics()
        wait_until(lambda: pipeline.lag() == 0, "it goes on", seconds=60)
        ids = pipeline.send(room)
        wait_until(lambda: broken.last_seq(room) == 1, "good ones are stored")
        assert consumer.stop() == 0

    assert {letter.value for letter in pipeline.dead_lettered()} == {b"broken"}
    assert broken.stored(room) == numbered(ids)

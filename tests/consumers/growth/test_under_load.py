"""Growth while people send: no message is lost, doubled or out of order."""

import threading
import time
from collections.abc import Callable
from typing import Any
from zlib import crc32

import pytest

from chat_project.mongodb import collection
from chat_project.settings.environment import Environment
from messaging.pause import Accepting, Gate, read_accepting
from messaging.producer import Producer
from tests.conftest import Api
from tests.consumers.conftest import head, stored
from tests.consumers.pipelines import Pipeline
from tests.messaging.conftest import TEXT
from tests.processes import manage, running
from tests.waiting import wait_until


class Sender(threading.Thread):
    """Sends one text after the other into its room until told to stop; retries with the key."""

    def __init__(self, user: Api, room: str, stop: threading.Event) -> None:
        super().__init__(name=f"sender of {room}")
        self.user, self.room, self.stop = user, room, stop
        self.acknowledged: list[str] = []
        self.refusals: set[str] = set()

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            body = {"conversationId": self.room, "content": f"text {number}"}
            while not self._send(body, f"{self.room}-{number}"):
                time.sleep(0.05)  # as a client pauses before it tries again

    def _send(self, body: Any, key: str) -> bool:
        answer = self.user.post(TEXT, body, idempotency_key=key)
        if answer.status_code == 200:
            self.acknowledged.append(answer.json()["data"]["messageId"])
            return True
        assert answer.status_code == 503, answer.content
        self.refusals.add(answer.json()["error"]["code"])
        return False


def test_growth_under_load_keeps_every_message_once_and_in_order(
    api: Callable[..., Api],
    new_conversation: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipeline = Pipeline()
    topic = pipeline.environment.message_topic
    doors = [Door(pipeline.environment)]
    monkeypatch.setattr("messaging.services.producer", lambda: doors[-1].producer)
    people = [api() for _ in range(6)]
    rooms = [new_conversation(person).id for person in people]
    stop = threading.Event()
    senders = [Sender(person, room, stop) for person, room in zip(people, rooms, strict=True)]
    grow = ("--partitions", "20", "--yes", "--quiet-seconds", "4")

    with pipeline.consumer() as old:
        for sender in senders:
            sender.start()
        wait_until(lambda: all(len(s.acknowledged) > 5 for s in senders), "they send")
        wait_until(lambda: all(stored(room) for room in rooms), "the consumer stores")
        with running(manage("create_topics", *grow), pipeline.variables) as growing:
            assert growing.wait(90) == 0, growing.output()
        wait_until(lambda: "partitions_differ" in senders[0].refusals, "the old count is refused")
        before = {sender.room: len(sender.acknowledged) for sender in senders}
        old.stop()
    doors.append(Door(pipeline.environment.model_copy(update={"kafka_partitions": 20})))

    with pipeline.consumer(KAFKA_PARTITIONS="20"):
        wait_until(lambda: all(len(s.acknowledged) > before[s.room] + 5 for s in senders), "again")
        stop.set()
        for sender in senders:
            sender.join()
        sent = {sender.room: sender.acknowledged for sender in senders}
        total = sum(len(ids) for ids in sent.values())
        wait_until(lambda: sum(len(stored(room)) for room in rooms) == total, "all is stored")
        numbers = {room: len(ids) for room, ids in sent.items()}
        wait_until(lambda: {r: head(r)["lastSeq"] for r in rooms} == numbers, "the heads are there")
    for door in doors:
        door.close()

    assert all("accepting_paused" in sender.refusals for sender in senders)
    for room, ids in sent.items():
        assert [(d["_id"], d["seq"]) for d in stored(room)] == list(
            zip(ids, range(1, len(ids) + 1), strict=True)
        )
        places = [(d["src"]["t"], d["src"]["p"], d["src"]["o"]) for d in stored(room)]
        assert places == sorted(places)
        partitions = {crc32(room.encode()) % count for count in (10, 20)}
        assert {place[1] for place in places} == partitions
    assert collection("dead_letters").count_documents({"topic": topic}) == 0
    assert read_accepting(topic) == Accepting(20, paused=False)


class Door:
    """A producer with its gate, as one API process has them."""

    def __init__(self, settings: Environment) -> None:
        topic, count = settings.message_topic, settings.kafka_partitions
        self.gate = Gate(count, lambda: read_accepting(topic)).start()
        self.producer = Producer(
            settings.kafka_connection(),
            topic,
            partitions=count,
            waiting_threads=8,
            refusal=self.gate.refusal,
        )

    def close(self) -> None:
        self.producer.close()
        self.gate.close()

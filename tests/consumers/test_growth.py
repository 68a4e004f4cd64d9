"""Growing the topic: what is refused, what a crash leaves, and no message lost under load."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4
from zlib import crc32

import confluent_kafka as kafka
import pytest
from confluent_kafka.admin import AdminClient
from django.core.management import CommandError, call_command

from chat_project.mongodb import collection
from chat_project.settings.environment import Environment, environment
from consumers import growth
from consumers.accepting import Pause, TakenOver
from consumers.errors import StopConsuming
from consumers.growth import GrowthRefused, NotQuiet, Times, TopicGrowth, resume_accepting
from consumers.growth_guard import GrowthGuard
from consumers.loop import Batch
from consumers.management.commands import create_topics as command
from consumers.topics import Growth, describe, generation_of, known_generation, note_growth
from messaging.pause import Accepting, Gate, read_accepting
from messaging.producer import Producer
from messaging.topics import TopicAdministration, planned_topics
from tests.conftest import Api
from tests.consumers.conftest import head, stored
from tests.consumers.pipelines import Pipeline
from tests.messaging.conftest import TEXT
from tests.processes import manage, running
from tests.waiting import wait_until

FAST = Times(quiet=0.5, settle=0.1, most=30)

MakeConversation = Callable[..., str]


class Topics:
    """Both topics of one test with few partitions, known to the registry."""

    def __init__(self, partitions: int = 2) -> None:
        name = f"test-{uuid4().hex[:12]}"
        changes = {"kafka_topic_prefix": name, "kafka_group_id": name}
        self.environment: Environment = environment().model_copy(
            update={**changes, "kafka_partitions": partitions}
        )
        self.topic = self.environment.message_topic
        self.administration = TopicAdministration(self.environment.kafka_connection())
        self.administration.create_missing(planned_topics(self.environment, brokers=1))
        self.admin = AdminClient(self.environment.kafka_connection())

    def register(self) -> "Topics":
        generation_of(describe(self.admin, self.topic))
        return self

    def growth(self, partitions: int, times: Times = FAST) -> TopicGrowth:
        return TopicGrowth(self.environment, partitions, times, lambda _: None)

    def counts(self) -> list[int | None]:
        names = (self.topic, self.environment.dead_letter_topic)
        return [self.administration.partition_count(name) for name in names]

    def noted(self) -> list[tuple[int, dict[int, int]]]:
        generation = known_generation(describe(self.admin, self.topic))
        assert generation is not None
        return [(each.partitions, dict(each.offsets)) for each in generation.growth]

    def produce(self, key: str) -> None:
        """As another service, which knows of no pause."""
        producer = kafka.Producer(self.environment.kafka_connection())
        producer.produce(self.topic, b"{}", key, partition=crc32(key.encode()) % 2)
        assert producer.flush(10) == 0


@pytest.fixture
def topics(database: None) -> Iterator[Topics]:
    made = Topics().register()
    yield made
    collection("accepting").delete_one({"_id": made.topic})
    for deletion in made.admin.delete_topics(
        [made.topic, made.environment.dead_letter_topic]
    ).values():
        deletion.result()


def test_both_topics_grow_and_the_offsets_are_noted(topics: Topics) -> None:
    growing = topics.growth(6)

    assert growing.check() == 2
    growing.run()

    assert topics.counts() == [6, 6]
    assert topics.noted() == [(2, {}), (6, {0: 0, 1: 0})]
    assert read_accepting(topics.topic) == Accepting(6, paused=False)
    assert growing.is_done()


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (1, "never shrinks"),
        (2, "multiple"),
        (3, r"multiple of them only \(4, 6,"),
        (1_002, "up to 1000"),
    ],
)
def test_a_count_that_would_harm_is_refused(topics: Topics, wanted: int, words: str) -> None:
    with pytest.raises(GrowthRefused, match=words):
        topics.growth(wanted).check()

    assert read_accepting(topics.topic) is None


def test_a_topic_that_nobody_consumed_is_refused(database: None) -> None:
    with pytest.raises(GrowthRefused, match="consume_messages --drain"):
        Topics().growth(4).check()


def test_a_growth_to_another_count_is_refused_while_one_is_under_way(topics: Topics) -> None:
    Pause(topics.topic).begin(2, grows_to=4)

    with pytest.raises(GrowthRefused, match="growth to 4 is under way"):
        topics.growth(6).check()


def test_a_growth_checks_again_when_it_begins(topics: Topics) -> None:
    slow = topics.growth(4)
    slow.check()
    topics.growth(8).run()  # while the first one's operator thinks about the question

    with pytest.raises(GrowthRefused, match="never shrinks"):
        slow.run()

    assert topics.noted() == [(2, {}), (8, {0: 0, 1: 0})]
    assert read_accepting(topics.topic) == Accepting(8, paused=False)


def test_a_shrinking_registry_is_refused_at_the_door(topics: Topics) -> None:
    described = describe(topics.admin, topics.topic)
    before = known_generation(described)
    assert before is not None

    for wrong in (1, 2, 3):
        with pytest.raises(ValueError, match=f"do not grow to {wrong}"):
            note_growth(described, before, Growth(wrong, {}))


@pytest.mark.parametrize("other", ["a second run", "--resume-accepting"])
def test_a_run_that_lost_the_topic_gives_up_and_opens_nothing(topics: Topics, other: str) -> None:
    second = Pause(topics.topic)

    def interfere(_: str) -> None:
        if other == "a second run":
            second.begin(2, grows_to=4)
        else:
            resume_accepting(topics.environment)

    first = TopicGrowth(topics.environment, 4, FAST, interfere)  # it tells when it has paused
    with pytest.raises(TakenOver):
        first.run()

    assert topics.noted() == [(2, {})]
    assert topics.counts() == [2, 2]
    state = read_accepting(topics.topic)
    assert state is not None
    assert state.paused is (other == "a second run")


def test_a_record_that_comes_late_opens_the_way_for_consumers_at_once(topics: Topics) -> None:
    """While the new count is in force no consumer works, so nobody may wait for the lag then."""
    held: list[int] = []

    class Watched(Pause):
        def hold(self, partitions: int, *, grows_to: int) -> None:
            super().hold(partitions, grows_to=grows_to)
            held.append(partitions)
            if held == [4]:
                topics.produce("late")

    growing = topics.growth(4, Times(quiet=0.2, settle=5, most=8))
    growing._pause = Watched(topics.topic)
    with pytest.raises(NotQuiet, match="not handled"):  # no consumer runs here
        growing.run()

    assert held == [4, 2]
    assert read_accepting(topics.topic) == Accepting(2, paused=False)


def test_sigterm_opens_accepting_again(topics: Topics) -> None:
    names = {
        "KAFKA_TOPIC_PREFIX": topics.environment.kafka_topic_prefix,
        "KAFKA_GROUP_ID": topics.environment.kafka_group_id,
        "KAFKA_PARTITIONS": "2",
    }
    with running(manage("create_topics", "--partitions", "4", "--yes"), names) as growing:
        wait_until(lambda: "waiting for 33 s" in growing.output(), "it waits for quiet")
        growing.popen.terminate()
        assert growing.wait(20) == 1
        assert "interrupted" in growing.output()

    assert read_accepting(topics.topic) == Accepting(2, paused=False)


class Crash(Exception):
    """The process is gone here."""


STEPS = {
    "a: paused": (Pause, "begin"),
    "b: quiet": (TopicGrowth, "_wait_until_quiet"),
    "c: noted": (growth, "note_growth"),
    "d: grown": (TopicAdministration, "add_partitions"),
    "e: open": (Pause, "end"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_after_a_crash_at_any_step_the_same_command_finishes(
    topics: Topics, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    home, name = STEPS[step]
    original: Callable[..., Any] = getattr(home, name)

    def crash(*arguments: Any, **options: Any) -> None:
        if when == "after":
            original(*arguments, **options)
        raise Crash

    with monkeypatch.context() as broken:
        broken.setattr(home, name, crash)
        with pytest.raises(Crash):
            topics.growth(4).run()

    again = topics.growth(4)
    if not again.is_done():
        again.check()
        again.run()

    assert topics.counts() == [4, 4]
    assert topics.noted() == [(2, {}), (4, {0: 0, 1: 0})]
    assert read_accepting(topics.topic) == Accepting(4, paused=False)


def test_only_one_of_two_grown_topics_is_finished_too(topics: Topics) -> None:
    with pytest.MonkeyPatch.context() as broken:
        only = topics.administration.add_partitions
        broken.setattr(
            TopicAdministration, "add_partitions", lambda self, names, count: only(names[:1], count)
        )
        topics.growth(4).run()
    assert topics.counts() == [4, 2]

    assert not topics.growth(4).is_done()
    topics.growth(4).run()

    assert topics.counts() == [4, 4]


@pytest.mark.parametrize("cause", ["records kept coming", "are not handled"])
def test_a_log_that_does_not_come_to_rest_is_left_as_it_was(topics: Topics, cause: str) -> None:
    most = 2.0
    if cause == "are not handled":
        topics.produce("a")
        times = Times(quiet=0.2, most=most)
    else:
        times = Times(quiet=600, most=most)

    with pytest.raises(NotQuiet, match=cause):
        topics.growth(4, times).run()

    assert topics.counts() == [2, 2]
    assert topics.noted() == [(2, {})]
    assert read_accepting(topics.topic) == Accepting(2, paused=False)


def test_an_abandoned_pause_can_be_ended(topics: Topics) -> None:
    Pause(topics.topic).begin(4, grows_to=4)

    assert resume_accepting(topics.environment) is True
    assert read_accepting(topics.topic) == Accepting(2, paused=False)
    assert resume_accepting(topics.environment) is False


def test_a_noted_growth_can_only_be_finished(
    topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise Crash

    with monkeypatch.context() as broken:
        broken.setattr(TopicAdministration, "add_partitions", crash)
        with pytest.raises(Crash):
            topics.growth(4).run()

    with pytest.raises(GrowthRefused, match="finish it with --partitions 4"):
        resume_accepting(topics.environment)
    with pytest.raises(StopConsuming, match="4 are noted"):
        generation_of(describe(topics.admin, topics.topic))


def test_a_consumer_with_another_count_stops_before_the_batch() -> None:
    applied: list[Batch] = []

    class Inner:
        def assigned(self, *_: Any) -> None: ...
        def apply(self, batch: Batch) -> Any:
            applied.append(batch)

    in_force: list[int | None] = [None, 20]
    guard = GrowthGuard(Inner(), lambda: in_force.pop(0))

    guard.apply(Batch([], 0.0))
    with pytest.raises(StopConsuming, match="KAFKA_PARTITIONS=20"):
        guard.apply(Batch([], 0.0))

    assert len(applied) == 1


def run(monkeypatch: pytest.MonkeyPatch, topics: Topics, *arguments: str) -> str:
    monkeypatch.setattr(command, "environment", lambda: topics.environment)
    output = io.StringIO()
    call_command("create_topics", *arguments, stdout=output, stderr=io.StringIO())
    return output.getvalue()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--partitions", "1", "--yes"], "never shrinks"),
        (["--partitions", "3", "--yes"], "multiple"),
        (["--partitions", "1001", "--yes"], "1 to 1000"),
        (["--partitions", "4"], "--yes"),
        (["--partitions", "4", "--resume-accepting"], "not allowed with"),
    ],
)
def test_the_command_refuses_with_exit_code_two(
    topics: Topics, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    with pytest.raises(CommandError, match=words) as refused:
        run(monkeypatch, topics, *arguments)

    # Django's parser raises without a code when it is called from Python.
    assert refused.value.returncode == 2 or "argument" in str(refused.value)
    assert topics.counts() == [2, 2]


def test_the_command_grows_once_and_says_so(
    topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth, "SETTLE_SECONDS", 0.1)
    arguments = ("--partitions", "4", "--yes", "--quiet-seconds", "1", "--json")

    first, second = (run(monkeypatch, topics, *arguments) for _ in range(2))

    assert '"partitions":4,"grew":true' in first
    assert '"partitions":4,"grew":false' in second
    assert "accepting was not paused" in run(monkeypatch, topics, "--resume-accepting")


def test_the_count_that_a_topic_was_made_with_is_there_already(
    topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = run(monkeypatch, topics, "--partitions", "2", "--yes")

    assert output == f"{topics.topic} has 2 partitions already\n"
    assert read_accepting(topics.topic) is None


def test_partitions_that_were_added_past_the_command_are_not_taken_for_a_growth(
    topics: Topics,
) -> None:
    topics.administration.add_partitions([topics.topic, topics.environment.dead_letter_topic], 4)

    growing = topics.growth(4)

    assert not growing.is_done()
    with pytest.raises(GrowthRefused, match="multiple"):
        growing.check()


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
                time.sleep(0.05)

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

"""`manage.py consume_messages` as operators run it, on real Kafka."""

import re
from collections.abc import Callable

import pytest

from consumers.errors import Reason
from tests.consumers.conftest import head, stored
from tests.consumers.events import event
from tests.consumers.pipelines import Pipeline, count_stored, scrape
from tests.processes import manage, running
from tests.waiting import wait_until

MakeConversation = Callable[..., str]


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


def assert_all_there_once(sent: dict[str, list[str]]) -> None:
    """Each room holds what was sent to it, once, numbered 1..n in the order of sending."""
    for room, ids in sent.items():
        assert [(d["_id"], d["seq"]) for d in stored(room)] == [
            (message_id, number) for number, message_id in enumerate(ids, 1)
        ]
        assert head(room)["lastSeq"] == len(ids)


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_drain_stores_what_is_there_and_exits_with_zero(
    pipeline: Pipeline, conversation: MakeConversation, protocol: str
) -> None:
    room = conversation()
    ids = pipeline.send(room, 25)

    with pipeline.consumer("--drain", KAFKA_GROUP_PROTOCOL=protocol) as consumer:
        assert consumer.wait() == 0

    assert_all_there_once({room: ids})
    assert pipeline.lag() == 0


def test_drain_of_empty_topics_exits_with_zero(pipeline: Pipeline) -> None:
    with pipeline.consumer("--drain") as consumer:
        assert consumer.wait() == 0


def test_every_stored_message_has_its_log_line(
    pipeline: Pipeline, conversation: MakeConversation
) -> None:
    ids = pipeline.send(conversation(), 3)

    with pipeline.consumer("--drain") as consumer:
        consumer.wait()
        output = consumer.output()

    for message_id in ids:
        line = rf"\[INFO\] Successfully processed message {message_id} in \d+ms"
        assert len(re.findall(line, output)) == 1


def test_sigterm_ends_a_consumer_with_zero(
    pipeline: Pipeline, conversation: MakeConversation
) -> None:
    room = conversation()
    with pipeline.consumer() as consumer:
        pipeline.send(room)
        wait_until(lambda: count_stored([room]) == 1, "the message is stored")

        assert consumer.stop() == 0

    assert pipeline.lag() == 0


def test_two_consumers_share_the_partitions(
    pipeline: Pipeline, conversation: MakeConversation
) -> None:
    rooms = [conversation() for _ in range(40)]
    with pipeline.consumer() as one, pipeline.consumer() as other:
        sent: dict[str, list[str]] = {room: [] for room in rooms}

        def both_work() -> bool:
            for room in rooms:
                sent[room] += pipeline.send(room)
            return all("Successfully processed" in each.output() for each in (one, other))

        wait_until(both_work, "both consumers have stored something")
        total = sum(len(ids) for ids in sent.values())
        wait_until(lambda: count_stored(rooms) == total, "everything is stored")
        assert one.stop() == other.stop() == 0
        processed = re.findall(r"processed message (\S+) in", one.output() + other.output())

    assert_all_there_once(sent)
    assert set(processed) == {message_id for ids in sent.values() for message_id in ids}


def test_kill_9_under_load_loses_and_doubles_nothing(
    pipeline: Pipeline, conversation: MakeConversation
) -> None:
    rooms = [conversation() for _ in range(20)]
    sent: dict[str, list[str]] = {room: [] for room in rooms}
    for _ in range(3):
        with pipeline.consumer(KAFKA_SESSION_TIMEOUT_MS="3000") as victim:
            before = count_stored(rooms)
            for _ in range(5):
                for room in rooms:
                    sent[room] += pipeline.send(room, 20)
            wait_until(lambda before=before: count_stored(rooms) > before + 200, "it works")
            victim.kill()

    with pipeline.consumer("--drain", KAFKA_SESSION_TIMEOUT_MS="3000") as survivor:
        assert survivor.wait(60) == 0

    assert_all_there_once(sent)


def test_too_many_dead_letters_in_a_row_stop_the_consumer_until_the_operator_allows_them(
    pipeline: Pipeline, conversation: MakeConversation
) -> None:
    room = conversation()
    partition = 4
    pipeline.produce([b"broken"] * 5, partition=partition)
    variables = {"DEAD_LETTER_RUN_LIMIT": "3"}

    with pipeline.consumer(**variables) as stopped:
        assert stopped.wait() == 1
        assert "3 dead letters in a row" in stopped.output()
    with pipeline.consumer(**variables) as restarted:
        assert restarted.wait() == 1
    assert len(pipeline.dead_lettered()) == 3
    assert pipeline.lag() == 2
    pipeline.send(room)
    with pipeline.consumer("--allow-dead-letters", "2", "--drain", **variables) as allowed:
        assert allowed.wait() == 0

    letters = pipeline.dead_lettered()
    assert [letter.value for letter in letters] == [b"broken"] * 5
    offsets = [dict(letter.headers)["__connect.errors.offset"] for letter in letters]
    assert sorted(offsets) == [b"0", b"1", b"2", b"3", b"4"]
    assert len(stored(room)) == 1


def test_another_partition_count_than_the_setting_stops_with_a_clear_error(
    pipeline: Pipeline,
) -> None:
    with pipeline.consumer(KAFKA_PARTITIONS="12") as consumer:
        assert consumer.wait() == 1
        assert "has 10 partitions and KAFKA_PARTITIONS is 12" in consumer.output()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--max-batch-size", "0"],
        ["--max-batch-age-ms", "soon"],
        ["--allow-dead-letters", "-1"],
    ],
)
def test_a_wrong_argument_is_refused_with_what_is_allowed(
    pipeline: Pipeline, arguments: list[str]
) -> None:
    with pipeline.consumer(*arguments) as consumer:
        assert consumer.wait() == 2
        assert "a whole number from" in consumer.output()


def test_a_consumer_tells_its_metrics(pipeline: Pipeline, conversation: MakeConversation) -> None:
    room = conversation()
    twice = event(room)
    pipeline.produce([twice, twice, b"broken"])
    topic = pipeline.environment.message_topic

    with pipeline.consumer() as consumer:
        wait_until(lambda: pipeline.lag() == 0, "everything is handled")
        wait_until(
            lambda: f'kafka_consumer_lag{{topic="{topic}"}} 0.0' in scrape(consumer), "the lag"
        )
        text = scrape(consumer)
        consumer.stop()

    assert 'messages_sent_total{status="sent"} 1.0' in text
    assert 'messages_sent_total{status="duplicate"} 1.0' in text
    assert 'messages_sent_total{status="failed"} 1.0' in text
    assert "message_processing_duration_seconds_count 1.0" in text


def test_every_outcome_is_exported_before_it_happens(pipeline: Pipeline) -> None:
    with pipeline.consumer() as consumer:
        text = scrape(consumer)
        consumer.stop()

    statuses = re.findall(r'^messages_sent_total\{status="(\w+)"\} (\S+)$', text, re.MULTILINE)
    assert dict(statuses) == dict.fromkeys(("sent", "failed", "duplicate"), "0.0")
    reasons = re.findall(r'^dead_letters_total\{reason="(\w+)"\} (\S+)$', text, re.MULTILINE)
    assert dict(reasons) == dict.fromkeys(Reason, "0.0")


def test_consumer_lag_tells_what_waits(pipeline: Pipeline, conversation: MakeConversation) -> None:
    pipeline.send(conversation(), 7)

    with running(manage("consumer_lag"), pipeline.variables) as command:
        assert command.wait() == 0
        assert "total lag 7" in command.output()


def test_consumer_lag_serves_the_lag_while_no_consumer_runs(
    pipeline: Pipeline, conversation: MakeConversation
) -> None:
    pipeline.send(conversation(), 7)
    topic = pipeline.environment.message_topic
    line = f'kafka_consumer_lag{{topic="{topic}"}} 7.0'

    with running(manage("consumer_lag", "--serve"), pipeline.variables) as command:
        wait_until(lambda: line in scrape(command), line)
        assert command.stop() == 0

"""A replay that is refused: without a yes, beside members, of what does not exist."""

from collections.abc import Callable, Sequence

import pytest

from tests.consumers.pipelines import Pipeline, count_stored
from tests.consumers.replays import drain, replay
from tests.waiting import wait_until

MakeConversation = Callable[..., str]


@pytest.mark.parametrize("protocol", ["classic", "consumer"])
def test_a_group_with_members_is_refused_and_its_members_are_named(
    pipeline: Pipeline, conversation: MakeConversation, protocol: str
) -> None:
    room = conversation()
    pipeline.send(room, 3)
    with pipeline.consumer(KAFKA_GROUP_PROTOCOL=protocol) as consumer:
        wait_until(lambda: count_stored([room]) == 3 and pipeline.lag() == 0, "all is handled")

        code, output = replay(pipeline, "--from", "beginning", "--yes")
        consumer.stop()

    assert code == 2
    assert "chat-consumer on /127.0.0.1 with" in output
    assert f"{pipeline.environment.message_topic} [0]" in output
    assert pipeline.lag() == 0


def test_without_a_terminal_it_wants_a_yes(
    pipeline: Pipeline, conversation: MakeConversation
) -> None:
    pipeline.send(conversation(), 3)
    drain(pipeline)

    code, output = replay(pipeline, "--from", "beginning")

    assert (code, pipeline.lag()) == (2, 0)
    assert "Handle 3 records" in output
    assert "--yes" in output


def test_a_partition_that_does_not_exist_is_refused(pipeline: Pipeline) -> None:
    code, output = replay(pipeline, "--from", "beginning", "--partition", "10", "--yes")

    assert code == 2
    assert "has no partition [10]" in output


@pytest.mark.parametrize("live", [(), ("--live",), ("--dry-run",)], ids=["move", "live", "dry"])
def test_a_group_that_has_committed_nothing_is_refused(
    pipeline: Pipeline, live: Sequence[str]
) -> None:
    pipeline.produce([b"no event"] * 3, partition=2)
    drain(pipeline)

    code, output = replay(pipeline, "--from", "beginning", "--group", "nope", "--yes", *live)

    assert code == 2
    assert f"the group nope has committed nothing in {pipeline.environment.message_topic}" in output


def test_a_topic_that_does_not_exist_is_refused(pipeline: Pipeline) -> None:
    pipeline.variables["KAFKA_TOPIC_PREFIX"] = "nowhere"

    code, output = replay(pipeline, "--from", "beginning", "--yes")

    assert code == 2
    assert "there is no topic nowhere.message.sent" in output


@pytest.mark.parametrize("text", ["end", "-1", "2025-13-01", "1e3"])
def test_a_start_that_is_none_is_refused_with_what_is_allowed(
    pipeline: Pipeline, text: str
) -> None:
    code, output = replay(pipeline, f"--from={text}")

    assert code == 2
    assert "beginning, an offset, or a time" in output

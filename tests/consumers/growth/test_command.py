"""`manage.py create_topics --partitions` as operators run it."""

import io

import pytest
from django.core.management import CommandError, call_command

from consumers import growth
from consumers.management.commands import create_topics as command
from messaging.pause import Accepting, read_accepting
from tests.consumers.growth.small_topics import Topics
from tests.processes import manage, running
from tests.waiting import wait_until


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

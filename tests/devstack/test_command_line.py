import json
import shlex

import pytest

from chat_project.settings.environment import Environment
from devstack import Stack, instance
from devstack.__main__ import main

NOT_PRINTED = {"kafka_topics", "port", "web_concurrency"}


@pytest.mark.parametrize(
    "arguments",
    [[], ["nonsense"], ["up", "--brokers", "2"], ["down", "--brokers", "1"], ["status", "--xml"]],
    ids=" ".join,
)
def test_wrong_arguments_exit_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)

    assert exit_.value.code == 2


def test_an_error_is_one_message_and_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", "--name", "jars"]) == 1

    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("devstack: error: 'jars' is no instance name")


@pytest.fixture
def printed(idle_stack: Stack, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What `env` prints, as a shell reads it."""
    assert main(["env", "--name", idle_stack.name]) == 0
    lines = capsys.readouterr().out.splitlines()
    return dict(part.split("=", 1) for line in lines for part in shlex.split(line))


def read_with(values: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Environment:
    for name in Environment.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Environment(_env_file=None)  # type: ignore[call-arg]


def test_env_prints_every_setting_that_has_a_value_and_changes_none(
    idle_stack: Stack, printed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = read_with(idle_stack.env(), monkeypatch)

    with_a_value = {name for name, value in usual if value not in (None, ())}
    assert {name.lower() for name in printed} == with_a_value - NOT_PRINTED
    assert read_with(printed, monkeypatch) == usual
    assert printed["MONGODB_URI"].endswith("/?replicaSet=rs0&w=majority&journal=true")


def test_a_changed_prefix_changes_the_topics(
    printed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = read_with(printed | {"KAFKA_TOPIC_PREFIX": "other"}, monkeypatch)

    assert read.subscribed_topics == ("other.student.created", "other.message.sent")


def test_down_of_an_instance_that_was_never_started_says_so_and_leaves_nothing(
    idle_stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["down", "--name", idle_stack.name]) == 0

    assert f"{idle_stack.name} was never started" in capsys.readouterr().err
    assert not list(instance.ROOT.glob(f"{idle_stack.name}*"))


def test_status_of_an_instance_that_was_never_started_exits_1(
    idle_stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--name", idle_stack.name]) == 1
    assert "was never started" in capsys.readouterr().out


def test_status_tells_machines_each_service(
    idle_stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    idle_stack.service("redis").start()

    assert main(["status", "--json", "--name", idle_stack.name]) == 1  # the others are down

    lines = {line["service"]: line for line in json.loads(capsys.readouterr().out)}
    assert {name: line["state"] for name, line in lines.items()} == {
        "kafka-1": "down",
        "mongodb": "down",
        "redis": "up",
    }
    assert lines["redis"]["pid"] > 0
    assert lines["redis"]["rss_bytes"] > 0
    assert f":{lines['redis']['port']}/" in idle_stack.env()["REDIS_URL"]

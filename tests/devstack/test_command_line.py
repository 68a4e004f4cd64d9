import json
import shlex

import pytest

from devstack import Stack
from devstack.__main__ import main

CONTRACT_NAMES = {
    *("KAFKA_BOOTSTRAP_SERVERS", "KAFKA_TOPIC_PREFIX", "KAFKA_GROUP_ID", "KAFKA_CLIENT_ID"),
    *("KAFKA_PRODUCER_CLIENT_ID", "KAFKA_PARTITIONS", "MONGODB_URI", "MONGODB_DATABASE"),
    *("REDIS_URL", "CACHE_TTL_MINUTES", "JWT_SECRET", "JWT_ISSUER", "JWT_AUDIENCE"),
    *("DJANGO_SECRET_KEY", "DJANGO_DEBUG", "ALLOWED_HOSTS"),
}


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


def test_env_prints_every_name_of_the_contract_as_a_shell_reads_it(
    idle_stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["env", "--name", idle_stack.name]) == 0

    lines = capsys.readouterr().out.splitlines()
    printed = dict(part.split("=", 1) for line in lines for part in shlex.split(line))
    assert printed == idle_stack.env()
    assert printed.keys() >= CONTRACT_NAMES
    assert printed["MONGODB_URI"].endswith("/?replicaSet=rs0&w=majority&journal=true")


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

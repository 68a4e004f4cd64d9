"""`create_topics` and `create_indexes`: what they make, leave alone and tell."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from django.core.management import CommandError, call_command

from chat_project.identifiers import new_id
from chat_project.settings.environment import Environment, environment
from consumers.management.commands import create_topics as command
from messaging.topics import TopicAdministration, planned_topics
from tests.processes import manage, running

UseSettings = Callable[..., Environment]


@pytest.fixture
def settings_with(monkeypatch: pytest.MonkeyPatch) -> Iterator[UseSettings]:
    """Gives the command other settings; its topics are deleted afterwards."""
    prefixes: list[str] = []

    def use(**changes: object) -> Environment:
        prefix = f"{environment().kafka_topic_prefix}.{new_id()}"
        prefixes.append(prefix)
        changed = environment().model_copy(update={"kafka_topic_prefix": prefix, **changes})
        monkeypatch.setattr(command, "environment", lambda: changed)
        return changed

    yield use
    admin = AdminClient({"bootstrap.servers": environment().kafka_bootstrap_servers})
    made = [
        name for name in admin.list_topics(timeout=10).topics if name.startswith(tuple(prefixes))
    ]
    for deletion in admin.delete_topics(made).values() if made else ():
        deletion.result()


def run() -> tuple[str, str]:
    output, warnings = io.StringIO(), io.StringIO()
    call_command("create_topics", stdout=output, stderr=warnings)
    return output.getvalue(), warnings.getvalue()


def test_the_topics_are_made_as_the_contract_says(settings_with: UseSettings) -> None:
    settings = settings_with()

    output, warnings = run()

    assert output.splitlines() == [
        f"created {settings.message_topic}: 10 partitions, replication factor 1",
        f"created {settings.dead_letter_topic}: 10 partitions, replication factor 1",
        f"created {settings.roster_topic}: 10 partitions, replication factor 1",
    ]
    assert "1 broker(s)" in warnings
    administration = TopicAdministration(settings.kafka_connection())
    for plan in planned_topics(settings, brokers=1):
        assert list(administration.differences(plan)) == []
    messages, dead_letters, _ = planned_topics(settings, brokers=1)
    assert messages.configs["retention.ms"] == "604800000"
    assert messages.configs["message.timestamp.type"] == "LogAppendTime"
    assert messages.configs["unclean.leader.election.enable"] == "false"
    assert dead_letters.configs["retention.ms"] == "-1"
    assert dead_letters.configs["max.message.bytes"] == "2097152"


def test_a_second_run_changes_nothing(settings_with: UseSettings) -> None:
    settings = settings_with()
    run()

    output, warnings = run()

    assert output.splitlines() == [
        f"exists {settings.message_topic}",
        f"exists {settings.dead_letter_topic}",
        f"exists {settings.roster_topic}",
    ]
    assert "differs" not in warnings


def test_each_difference_of_an_existing_topic_is_told_and_left(settings_with: UseSettings) -> None:
    settings = settings_with()
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap_servers})
    odd = {
        "retention.ms": "1000",
        "retention.bytes": "1000",
        "cleanup.policy": "compact",
        "max.message.bytes": "1000",
    }
    new = NewTopic(settings.message_topic, 3, config=odd)
    admin.create_topics([new])[settings.message_topic].result()

    for _ in range(2):
        _, warnings = run()
        assert "partitions: 3, wanted 10" in warnings
        assert "retention.ms: 1000, wanted 604800000" in warnings
        assert "message.timestamp.type: CreateTime, wanted LogAppendTime" in warnings
        assert "retention.bytes: 1000, wanted -1" in warnings
        assert "cleanup.policy: compact, wanted delete" in warnings
        assert "max.message.bytes: 1000, wanted at least 1048588" in warnings


def test_a_topic_that_takes_greater_records_does_not_differ(settings_with: UseSettings) -> None:
    settings = settings_with()
    _, dead_letters, _ = planned_topics(settings, brokers=1)
    roomy = dict(dead_letters.configs) | {"max.message.bytes": str(4 * 1024 * 1024)}
    administration = TopicAdministration(settings.kafka_connection())
    administration.create_missing([replace(dead_letters, configs=roomy)])

    assert list(administration.differences(dead_letters)) == []


def test_the_rosters_topic_may_be_as_the_platform_made_it(settings_with: UseSettings) -> None:
    settings = settings_with()
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap_servers})
    new = NewTopic(settings.roster_topic, 3, config={"retention.ms": "1000"})
    admin.create_topics([new])[settings.roster_topic].result()

    output, warnings = run()

    assert f"exists {settings.roster_topic}" in output
    assert settings.roster_topic not in warnings


@pytest.mark.parametrize(
    ("brokers", "factor", "in_sync"), [(1, 1, "1"), (2, 2, "1"), (3, 3, "2"), (5, 3, "2")]
)
def test_the_replication_follows_the_number_of_brokers(
    brokers: int, factor: int, in_sync: str
) -> None:
    for plan in planned_topics(environment(), brokers=brokers):
        assert plan.replication_factor == factor
        assert plan.configs["min.insync.replicas"] == in_sync


def test_without_kafka_it_fails_with_one_line(
    settings_with: UseSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings_with(kafka_bootstrap_servers="127.0.0.1:9")
    monkeypatch.setattr("messaging.topics.REQUEST_TIMEOUT_SECONDS", 1.0)

    with pytest.raises(CommandError, match=r"^no Kafka broker answers.*127\.0\.0\.1:9\)$"):
        run()


def test_create_indexes_tells_only_what_it_made(database: None) -> None:
    output = io.StringIO()

    call_command("create_indexes", stdout=output)

    assert output.getvalue() == ""


def test_create_indexes_fails_soon_and_with_one_line_while_mongodb_is_away() -> None:
    with running(manage("create_indexes"), {"MONGODB_URI": "mongodb://127.0.0.1:9"}) as process:
        assert process.wait() == 1
        [line] = process.output().splitlines()

    assert line.startswith("CommandError: MongoDB: 127.0.0.1:9")

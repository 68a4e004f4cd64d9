"""`purge_orphan_attachments` removes nothing of what the log may still bring."""

import pytest
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from django.core.management import CommandError

from chat_project.settings.environment import environment
from consumers.management.commands import purge_orphan_attachments
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.consumers.growth.small_topics import Topics
from tests.messaging.attached import files_on_disk
from tests.messaging.orphaned import age, no_uploads_of_other_tests, purge, sent

__all__ = ["no_uploads_of_other_tests"]

pytestmark = pytest.mark.usefixtures("files")


def set_retention(topics: Topics, *, hours: float) -> None:
    milliseconds = str(round(hours * 3_600_000))
    wanted = ConfigEntry("retention.ms", milliseconds, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topics.topic, incremental_configs=[wanted])
    topics.admin.incremental_alter_configs([resource])[resource].result(30)


def test_what_the_log_may_still_bring_stays(
    mai: Api, group: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    topics = Topics()
    set_retention(topics, hours=29 * 24)
    monkeypatch.setattr(purge_orphan_attachments, "environment", lambda: topics.environment)
    message = sent(mai, group)

    age(message, hours=700)
    assert "removed 0 files" in purge()
    with pytest.raises(CommandError, match="719 is too short: at least 720 hours") as refused:
        purge("--older-than-hours", "719")
    assert refused.value.returncode == 2
    age(message, hours=721)
    assert "removed 1 files" in purge("--older-than-hours", "720")


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        ({"kafka_bootstrap_servers": "127.0.0.1:9"}, 1, "see KAFKA_BOOTSTRAP_SERVERS"),
        ({"kafka_topic_prefix": "no-such"}, 2, "there is no topic no-such"),
    ],
    ids=["Kafka is away", "no topic"],
)
def test_without_knowing_what_the_log_may_bring_nothing_is_removed(
    mai: Api,
    group: ConversationSettings,
    monkeypatch: pytest.MonkeyPatch,
    changes: dict[str, str],
    code: int,
    told: str,
) -> None:
    message, unknown = sent(mai, group), environment().model_copy(update=changes)
    age(message, hours=50_000)
    monkeypatch.setattr(purge_orphan_attachments, "environment", lambda: unknown)
    monkeypatch.setattr("consumers.log_reader.ANSWER_SECONDS", 0.5)

    with pytest.raises(CommandError, match=told) as refused:
        purge()

    assert refused.value.returncode == code
    assert len(files_on_disk()) == 1

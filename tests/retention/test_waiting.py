"""What an erasure does while the consumers handle the log."""

import pytest

from chat_project.settings.environment import environment
from consumers.erasure import waiting
from consumers.errors import RetryLater


def test_kafka_away_is_told_after_one_try(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def silent(_: object, topic: str) -> None:
        tries.append(topic)
        raise RetryLater("Kafka does not answer")

    monkeypatch.setattr(waiting.LogReader, "bounds", silent)

    with pytest.raises(RetryLater):
        waiting.wait_until_handled(environment(), "a-group", seconds=1)

    assert tries == [environment().message_topic]

"""A read position is of no message: what becomes of it in Kafka is told without one."""

from typing import Any

import pytest

from conversations.values import ConversationSettings
from messaging import changing
from tests.conftest import Api
from tests.messaging.conftest import MESSAGES, UseProducer, error_of, store_message


def test_a_read_that_is_not_published_names_no_message(
    mai: Api,
    group: ConversationSettings,
    use_producer: UseProducer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away = use_producer()
    monkeypatch.setattr(changing, "producer", lambda: away)

    def told(path: str) -> tuple[int, str, Any]:
        response = mai.post(MESSAGES + path, None)
        error = error_of(response)
        return response.status_code, error["code"], error["details"]

    stored = store_message(group, 1)
    read = f"conversation/{group.id}/read"
    assert told(read) == (503, "change_outcome_unknown", None)
    assert told(read) == (503, "kafka_unavailable", None)
    assert told(f"{stored}/pin") == (503, "kafka_unavailable", {"messageId": stored})

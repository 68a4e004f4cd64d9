"""A change never comes into the log before its message: while that is unknown, it is refused."""

from collections.abc import Callable
from typing import Any

import pytest

from chat_project import redis
from chat_project.settings.environment import environment
from conversations.cache.keys import record_key
from conversations.values import ConversationSettings
from messaging import services
from messaging.identifiers import derived_message_id
from tests.conftest import Api
from tests.messaging.conftest import (
    BATCH,
    MESSAGES,
    TEXT,
    UseProducer,
    data_of,
    error_of,
    records_in,
    status_of,
    store_message,
    text_for,
)

KEY = "k"

Change = Callable[[Api, str], Any]

CHANGES: dict[str, Change] = {
    "edit": lambda user, one: user.put(one, {"content": "Chào"}),
    "delete": lambda user, one: user.delete(one),
    "react": lambda user, one: user.post(f"{one}/reactions", {"emojiCode": "👍"}),
    "take a reaction back": lambda user, one: user.delete(f"{one}/reactions?emoji=👍"),
    "pin": lambda user, one: user.post(f"{one}/pin", None),
    "unpin": lambda user, one: user.post(f"{one}/unpin", None),
}
each_change = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())


@pytest.fixture
def unknown(mai: Api, group: ConversationSettings, use_producer: UseProducer) -> str:
    """A text of Mai's whose outcome is unknown, under `KEY`; Kafka answers again afterwards."""
    use_producer()
    refused = mai.post(TEXT, text_for(group), idempotency_key=KEY)
    assert error_of(refused)["code"] == "message_outcome_unknown"
    use_producer(environment().kafka_bootstrap_servers)
    return str(error_of(refused)["details"]["messageId"])


def event_types(group: ConversationSettings) -> list[bytes]:
    return [dict(each.headers() or [])["event-type"] for each in records_in(group.id)]


@each_change
def test_nothing_is_changed_of_a_text_of_unknown_outcome(
    mai: Api, group: ConversationSettings, unknown: str, change: Change
) -> None:
    response = change(mai, MESSAGES + unknown)

    assert (response.status_code, error_of(response)["code"]) == (503, "message_outcome_unknown")
    assert error_of(response)["details"] == {"messageId": unknown}
    assert int(response["Retry-After"]) >= 1
    assert records_in(group.id) == []
    assert status_of(mai, unknown) == "Sending"


@each_change
def test_it_is_changed_behind_an_acknowledged_retry(
    mai: Api, group: ConversationSettings, unknown: str, change: Change
) -> None:
    data_of(mai.post(TEXT, text_for(group), idempotency_key=KEY))

    data_of(change(mai, MESSAGES + unknown))

    first, second = event_types(group)
    assert first == b"MessageSentEvent"
    assert second != first


def test_it_is_changed_once_it_is_stored(
    mai: Api, group: ConversationSettings, unknown: str
) -> None:
    store_message(group, 1, _id=unknown, senderId=mai.user_id)

    assert data_of(mai.delete(MESSAGES + unknown))["isDeleted"]


def test_the_items_of_a_batch_are_noted_each(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    use_producer(queue_limit=2)
    keys = ("a", "b", "beyond the queue")

    mai.post(BATCH, [text_for(group, clientMessageId=key) for key in keys])

    ids = [derived_message_id(mai.tenant_id, mai.user_id, key) for key in keys]
    answers = [mai.delete(MESSAGES + each).status_code for each in ids]
    assert answers == [503, 503, 404], "the last was definitely not sent"


def test_a_late_refusal_ends_it(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    producer = use_producer()
    mai.post(TEXT, text_for(group), idempotency_key=KEY)
    message_id = derived_message_id(mai.tenant_id, mai.user_id, KEY)
    assert mai.delete(MESSAGES + message_id).status_code == 503

    producer.close()  # drops what was never sent

    assert mai.delete(MESSAGES + message_id).status_code == 404


def test_a_note_makes_the_record_live_no_longer(mai: Api, unknown: str) -> None:
    seconds = redis.client().ttl(record_key(unknown))

    assert 0 < seconds < environment().acceptance_record_minutes * 60


def test_a_record_that_is_gone_does_not_come_back_with_a_note(
    mai: Api, group: ConversationSettings, use_producer: UseProducer, monkeypatch: Any
) -> None:
    """As when the late refusal comes first."""
    note = services.replace_records

    def too_late(records: Any) -> None:
        for message_id in records:
            redis.client().delete(record_key(message_id))
        note(records)

    monkeypatch.setattr(services, "replace_records", too_late)
    use_producer()
    mai.post(TEXT, text_for(group), idempotency_key=KEY)

    assert status_of(mai, derived_message_id(mai.tenant_id, mai.user_id, KEY)) is None

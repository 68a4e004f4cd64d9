"""Equal items of one batch under one key are one message: in the log once, answered each."""

from typing import Any

import msgspec

from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import (
    BATCH,
    UseProducer,
    data_of,
    error_of,
    records_in,
    status_of,
    text_for,
)


def contents_in(group: ConversationSettings) -> list[str]:
    """What the log holds of the conversation."""
    return [msgspec.json.decode(each.value() or b"")["content"] for each in records_in(group.id)]


def test_they_are_published_once_and_each_is_answered(
    mai: Api, group: ConversationSettings
) -> None:
    equal = text_for(group, "equal", clientMessageId="k")
    items = [text_for(group, "first"), equal, equal, text_for(group, "last"), equal]

    outcomes = data_of(mai.post(BATCH, items))

    assert contents_in(group) == ["first", "equal", "last"]
    assert [outcome["data"]["content"] for outcome in outcomes] == [i["content"] for i in items]
    assert outcomes[1] == outcomes[2] == outcomes[4]


def test_another_text_under_an_old_key_reaches_the_log_once(
    mai: Api, group: ConversationSettings
) -> None:
    """As when the record of the key's message has ended: only the consumer knows of it."""
    items = [text_for(group, "another text", clientMessageId="old")] * 100

    outcomes = data_of(mai.post(BATCH, items))

    assert all(outcome["success"] for outcome in outcomes)
    assert contents_in(group) == ["another text"]


def test_items_without_a_key_are_messages_of_their_own(
    mai: Api, group: ConversationSettings
) -> None:
    data_of(mai.post(BATCH, [text_for(group, "equal")] * 2))

    assert contents_in(group) == ["equal"] * 2


def test_what_is_unknown_of_one_is_unknown_of_all(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    use_producer(queue_limit=1)

    response = mai.post(BATCH, [text_for(group, clientMessageId="k")] * 2)

    first, second = error_of(response)["details"]["outcomes"]
    assert first["error"]["code"] == "message_outcome_unknown"
    assert second == first
    assert status_of(mai, first["error"]["details"]["messageId"]) == "Sending"


def test_what_is_refused_of_one_is_refused_of_all_and_leaves_no_record(
    mai: Api, group: ConversationSettings, use_producer: UseProducer, monkeypatch: Any
) -> None:
    producer = use_producer()
    monkeypatch.setattr(producer, "_is_kafka_silent", lambda: True)

    response = mai.post(BATCH, [text_for(group, clientMessageId="k")] * 2)

    first, second = error_of(response)["details"]["outcomes"]
    assert first["error"]["code"] == "kafka_unavailable"
    assert second == first
    assert status_of(mai, first["error"]["details"]["messageId"]) is None

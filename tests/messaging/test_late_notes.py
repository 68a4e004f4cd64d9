"""A change that Kafka has is answered as sent, however long that took and whatever MongoDB says then."""

import logging
import time
from collections.abc import Sequence
from typing import Any

import pytest
from pymongo import _csot
from pymongo.errors import AutoReconnect

from conversations.values import ConversationSettings
from messaging import changing
from messaging.deliveries import Delivery
from messaging.events import Outgoing
from tests.conftest import Api
from tests.messaging.conftest import MESSAGES, data_of, records_in, store_message

DATABASE_SECONDS = 2.0
"""What MongoDB may take of a read: a change waits for Kafka as well."""


class LateProducer:
    """The product's own, whose acknowledgements come late."""

    def __init__(self, seconds: float) -> None:
        self._real, self._seconds = changing.producer(), seconds
        self.passed_seconds = 0.0

    def send(self, records: Sequence[Outgoing], on_late_refusal: Any) -> list[Delivery]:
        deliveries = self._real.send(records, on_late_refusal)
        self.passed_seconds += self._seconds
        return deliveries

    def monotonic(self) -> float:
        """The clock that pymongo's time-outs go by, as if the acknowledgements had come late."""
        return time.monotonic() + self.passed_seconds


def test_a_key_is_noted_also_behind_a_late_acknowledgement(
    mai: Api, group: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, late = store_message(group, 1), LateProducer(DATABASE_SECONDS + 0.1)
    monkeypatch.setattr(changing, "producer", lambda: late)
    monkeypatch.setattr(_csot, "time", late)

    for _ in range(2):
        assert data_of(mai.post(f"{MESSAGES}{stored}/pin", None, idempotency_key="pin-1"))

    assert len(records_in(group.id)) == 1


def test_without_the_note_the_change_is_answered_as_sent(
    mai: Api,
    group: ConversationSettings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    stored = store_message(group, 1)

    def away(*_: object) -> None:
        raise AutoReconnect("connection closed")

    with monkeypatch.context() as patch:
        patch.setattr(changing.services, "remember", away)
        with caplog.at_level(logging.WARNING, "messaging.changing"):
            pinned = data_of(mai.post(f"{MESSAGES}{stored}/pin", None, idempotency_key="pin-1"))

    assert pinned["isPinned"]
    assert "its idempotency key is not noted: MongoDB: connection closed" in caplog.text
    data_of(mai.post(f"{MESSAGES}{stored}/pin", None, idempotency_key="pin-1"))
    assert len(records_in(group.id)) == 2


def test_a_key_that_was_used_for_something_else_meanwhile_is_answered_as_sent(
    mai: Api,
    group: ConversationSettings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    pinned, other = store_message(group, 1), store_message(group, 2)
    publish, key = changing._publish, "used-twice"

    def use_it_elsewhere(event: Any) -> None:
        publish(event)
        monkeypatch.setattr(changing, "_publish", publish)
        data_of(mai.post(f"{MESSAGES}{other}/pin", None, idempotency_key=key))

    monkeypatch.setattr(changing, "_publish", use_it_elsewhere)
    with caplog.at_level(logging.WARNING, "messaging.changing"):
        answer = mai.post(f"{MESSAGES}{pinned}/pin", None, idempotency_key=key)

    assert data_of(answer)["isPinned"]
    assert "its idempotency key is not noted" in caplog.text

"""Redis ended or hanging: sending stays correct, and only one request waits for it."""

import signal

import pytest

import chat_project.redis
from chat_project.metrics import breaker_open_total
from chat_project.redis import Breaker
from conversations import services
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.conversations.conftest import PrivateRedis
from tests.messaging.conftest import (
    BATCH,
    HISTORY,
    TEXT,
    data_of,
    error_of,
    status_of,
    store_message,
    text_for,
)


def end(private: PrivateRedis) -> None:
    private.process.kill()
    private.process.wait()


def hang(private: PrivateRedis) -> None:
    private.process.send_signal(signal.SIGSTOP)


@pytest.fixture(params=[end, hang])
def away(request: pytest.FixtureRequest, group: object, private_redis: PrivateRedis) -> None:
    """Redis goes away after the group was made, with nothing cached."""
    request.param(private_redis)


def test_a_retry_still_has_the_same_id(away: None, mai: Api, group: ConversationSettings) -> None:
    first = data_of(mai.post(TEXT, text_for(group), idempotency_key="k"))
    second = data_of(mai.post(TEXT, text_for(group), idempotency_key="k"))

    assert first["messageId"] == second["messageId"]


def test_the_rules_still_hold(away: None, colleague: Api, group: ConversationSettings) -> None:
    services.remove_participant(group.id, colleague.user_id)

    response = colleague.post(TEXT, text_for(group))

    assert (response.status_code, error_of(response)["code"]) == (403, "not_a_participant")


def test_within_a_batch_a_reused_key_is_still_seen(
    away: None, mai: Api, group: ConversationSettings
) -> None:
    items = [text_for(group, content, clientMessageId="k") for content in ("one", "two")]

    first, second = data_of(mai.post(BATCH, items))

    assert first["success"] is True
    assert second["error"]["code"] == "idempotency_key_reused"


def test_only_the_first_request_waits_for_it(
    away: None, mai: Api, group: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chat_project.redis, "_breaker", Breaker(600))  # longer than this test takes
    before = failures()
    data_of(mai.post(TEXT, text_for(group)))
    data_of(mai.post(BATCH, [text_for(group)]))
    mai.get(HISTORY + group.id)

    assert failures() - before == 1


def failures() -> float:
    """How often Redis was asked in vain by this process."""
    return breaker_open_total._value.get()


def test_reading_goes_on_but_nobody_knows_what_is_on_its_way(
    away: None, mai: Api, group: ConversationSettings
) -> None:
    accepted = data_of(mai.post(TEXT, text_for(group)))["messageId"]
    stored = store_message(group, 1)

    assert status_of(mai, accepted) is None
    assert status_of(mai, stored) == "Sent"
    assert len(data_of(mai.get(HISTORY + group.id))["messages"]) == 1

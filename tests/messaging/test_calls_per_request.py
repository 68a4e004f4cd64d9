"""What a request costs once its conversation is cached: calls to Redis, MongoDB and Kafka, garbage."""

import gc
import io
from typing import Any

import msgspec
import pytest

from chat_project.wsgi import application
from conversations import services
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import (
    BATCH,
    MESSAGES,
    TEXT,
    Calls,
    data_of,
    records_in,
    store_message,
    text_for,
)


@pytest.fixture
def cached(mai: Api, group: ConversationSettings) -> ConversationSettings:
    data_of(mai.post(TEXT, text_for(group)))
    return group


def cost(calls: Calls, group: ConversationSettings, request: Any) -> tuple[int, int, int]:
    """Round trips to Redis, commands to MongoDB, records in Kafka."""
    before = calls.redis, calls.mongodb, len(records_in(group.id))
    request()
    after = calls.redis, calls.mongodb, len(records_in(group.id))
    return after[0] - before[0], after[1] - before[1], after[2] - before[2]


def test_a_text_costs_one_round_trip_no_query_and_one_record(
    mai: Api, cached: ConversationSettings, calls: Calls
) -> None:
    def send() -> Any:
        return data_of(mai.post(TEXT, text_for(cached), idempotency_key="k"))

    assert cost(calls, cached, send) == (1, 0, 1)
    assert cost(calls, cached, send) == (1, 0, 1), "a retry"


def test_a_reply_costs_one_query_more(mai: Api, cached: ConversationSettings, calls: Calls) -> None:
    reply = text_for(cached, replyToMessageId=store_message(cached, 1))

    assert cost(calls, cached, lambda: data_of(mai.post(TEXT, reply))) == (1, 1, 1)


def test_a_refused_reply_reads_no_message(
    mai: Api, colleague: Api, cached: ConversationSettings, calls: Calls
) -> None:
    reply = text_for(cached, replyToMessageId=store_message(cached, 1))
    services.remove_participant(cached.id, colleague.user_id)

    assert cost(calls, cached, lambda: colleague.post(TEXT, reply))[1:] == (0, 0)


def test_a_batch_of_a_hundred_costs_one_round_trip(
    mai: Api, cached: ConversationSettings, calls: Calls
) -> None:
    texts = [text_for(cached, f"{n}") for n in range(100)]

    assert cost(calls, cached, lambda: data_of(mai.post(BATCH, texts))) == (1, 0, 100)


def test_the_replies_of_a_batch_cost_one_query(
    mai: Api, cached: ConversationSettings, calls: Calls
) -> None:
    replies = [text_for(cached, replyToMessageId=store_message(cached, seq)) for seq in range(1, 6)]

    assert cost(calls, cached, lambda: data_of(mai.post(BATCH, replies))) == (1, 1, 5)


def test_a_bad_request_costs_nothing(mai: Api, cached: ConversationSettings, calls: Calls) -> None:
    assert cost(calls, cached, lambda: mai.post(TEXT, text_for(cached, ""))) == (0, 0, 0)


def test_a_stored_message_costs_two_queries_and_one_round_trip(
    mai: Api, cached: ConversationSettings, calls: Calls
) -> None:
    stored = store_message(cached, 1)

    assert cost(calls, cached, lambda: data_of(mai.get(MESSAGES + stored))) == (1, 2, 0)


def test_the_collector_finds_nothing_to_free_after_texts(
    mai: Api, cached: ConversationSettings
) -> None:
    body = msgspec.json.encode(text_for(cached))
    _answer(mai, body)
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            _answer(mai, body)
        assert gc.collect() == 0
    finally:
        gc.enable()


def _answer(sender: Api, body: bytes) -> None:
    """As a server calls us: Django's test client makes circles of its own."""
    statuses: list[str] = []
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": TEXT,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_AUTHORIZATION": f"Bearer {sender.token}",
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http",
    }
    response = application(environ, lambda status, _headers: statuses.append(status))
    b"".join(response)
    response.close()
    assert statuses == ["200 OK"]

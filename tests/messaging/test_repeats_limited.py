"""How fast one may repeat what was accepted: ten times as fast as new messages, and no faster.

The tests' limits refill so slowly that no test sees it; time passes by moving the bucket.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chat_project.redis import client
from chat_project.settings.environment import environment
from conversations.cache import limits
from conversations.cache.limits import REPEATS_TO_ONE
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import (
    BATCH,
    TEXT,
    Calls,
    data_of,
    error_of,
    records_in,
    status_of,
    text_for,
)

SECONDS_OF_ONE = 10_000
SECONDS_OF_ONE_REPEAT = SECONDS_OF_ONE // REPEATS_TO_ONE

Limiting = Callable[..., None]


@pytest.fixture
def limiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Limiting]:
    """Sets the bursts: `limiting(sender=3, tenant=0)`; 0 is none."""

    def limit(*, sender: int = 0, tenant: int = 0) -> None:
        given = environment().model_copy(
            update={
                "rate_limit_messages_per_second": 1 / SECONDS_OF_ONE,
                "rate_limit_burst": sender,
                "rate_limit_tenant_messages_per_second": 1 / SECONDS_OF_ONE,
                "rate_limit_tenant_burst": tenant,
            }
        )
        monkeypatch.setattr(limits, "environment", lambda: given)
        limits.limits_of.cache_clear()

    yield limit
    limits.limits_of.cache_clear()


def repeated(sender: Api, group: ConversationSettings, times: int = 1) -> list[int]:
    """The statuses of a text that is sent so many times under one key."""
    return [
        sender.post(TEXT, text_for(group), idempotency_key="k").status_code for _ in range(times)
    ]


def codes_of(outcomes: Any) -> list[str | None]:
    return [outcome["error"] and outcome["error"]["code"] for outcome in outcomes]


def test_one_key_in_a_loop_fills_no_log(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=2)

    statuses = repeated(mai, group, 1 + 2 * REPEATS_TO_ONE + 5)

    assert statuses == [200] * (1 + 2 * REPEATS_TO_ONE) + [429] * 5
    assert len(records_in(group.id)) == 1 + 2 * REPEATS_TO_ONE


def test_a_repetition_that_is_refused_says_so_and_the_message_stays_accepted(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=1)
    first = data_of(mai.post(TEXT, text_for(group), idempotency_key="k"))
    repeated(mai, group, REPEATS_TO_ONE)

    response = mai.post(TEXT, text_for(group), idempotency_key="k")

    error = error_of(response)
    wait = int(response.headers["Retry-After"])
    assert (response.status_code, error["code"]) == (429, "rate_limited")
    assert error["message"].startswith("You repeat more than")
    assert error["details"] == {
        "scope": "sender",
        "messagesPerSecond": pytest.approx(1 / SECONDS_OF_ONE_REPEAT),
        "burst": REPEATS_TO_ONE,
        "retryAfterSeconds": wait,
    }
    assert 0 < wait <= SECONDS_OF_ONE_REPEAT
    assert status_of(mai, first["messageId"]) == "Sending"


def test_new_messages_and_repeated_ones_are_counted_apart(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=2)
    repeated(mai, group, 1 + 2 * REPEATS_TO_ONE)
    assert repeated(mai, group) == [429]

    assert mai.post(TEXT, text_for(group)).status_code == 200
    assert mai.post(TEXT, text_for(group)).status_code == 429


def test_what_time_has_brought_may_be_repeated(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=1)
    repeated(mai, group, 1 + REPEATS_TO_ONE)
    key = f'rate:["{mai.tenant_id}","{mai.user_id}"]:repeats'

    full_at = int(client().get(key) or b"") - 2 * SECONDS_OF_ONE_REPEAT * 1_000_000
    client().set(key, full_at, keepttl=True)

    assert repeated(mai, group, 3) == [200, 200, 429]


def test_a_school_has_one_bucket_for_what_all_repeat(
    mai: Api, colleague: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(tenant=2)
    assert repeated(mai, group, 1 + REPEATS_TO_ONE)[-1] == 200
    assert repeated(colleague, group, 1 + REPEATS_TO_ONE)[-1] == 200

    response = mai.post(TEXT, text_for(group), idempotency_key="k")

    assert (response.status_code, error_of(response)["details"]["scope"]) == (429, "tenant")
    assert error_of(response)["message"].startswith("All of your school together repeat")


def test_each_item_of_a_repeated_batch_counts(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=3)
    items = [text_for(group, f"Tin {number}") for number in range(3)]
    for _ in range(REPEATS_TO_ONE):
        assert codes_of(data_of(mai.post(BATCH, items, idempotency_key="K"))) == [None] * 3

    two_more = mai.post(BATCH, items[:2], idempotency_key="K")
    last = mai.post(BATCH, items, idempotency_key="K")
    refused = mai.post(BATCH, items, idempotency_key="K")

    assert codes_of(data_of(two_more)) == [None] * 2
    assert codes_of(data_of(last)) == [None, "rate_limited", "rate_limited"]
    assert refused.status_code == 429


def test_a_batch_waits_for_the_longest_of_its_limits(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=1)
    repeated(mai, group, 1 + REPEATS_TO_ONE)
    items = [text_for(group), text_for(group, clientMessageId="k")]

    response = mai.post(BATCH, items)

    waits = [
        each["error"]["details"]["retryAfterSeconds"]
        for each in error_of(response)["details"]["outcomes"]
    ]
    assert response.status_code == 429
    assert waits[0] > waits[1]
    assert int(response.headers["Retry-After"]) == waits[0]


def test_a_repetition_costs_one_round_trip(
    mai: Api, group: ConversationSettings, limiting: Limiting, calls: Calls
) -> None:
    limiting(sender=1, tenant=1)
    repeated(mai, group, 2)
    redis = calls.redis

    assert repeated(mai, group) == [200]

    assert calls.redis - redis == 1


def test_without_limits_nothing_is_counted(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting()

    assert repeated(mai, group, 30) == [200] * 30
    assert not client().keys(f'rate:*"{mai.tenant_id}"*')

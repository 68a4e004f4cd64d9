"""The bucket in Redis: how it fills, when it ends, and what asking it costs."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat_project.identifiers import new_id
from chat_project.redis import client
from conversations import cache
from conversations.cache import AcceptanceRecord, Lookup
from conversations.cache.limits import Limit, Limited, Scope
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import BATCH, TEXT, Calls, data_of, text_for
from tests.messaging.rate_limits.buckets import (
    PER_SECOND,
    SECONDS_OF_ONE,
    Limiting,
    codes_of,
    key_of,
    pass_time,
    refills,
    texts_for,
)


def test_as_many_fit_as_time_has_brought(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=5)
    data_of(mai.post(BATCH, texts_for(group, 5)))

    pass_time(key_of(mai), 2 * SECONDS_OF_ONE)
    outcomes = data_of(mai.post(BATCH, texts_for(group, 4)))

    assert codes_of(outcomes) == [None, None, "rate_limited", "rate_limited"]
    waits = [each["error"]["details"]["retryAfterSeconds"] for each in outcomes[2:]]
    assert [refills(wait) for wait in waits] == [1, 2]


def test_a_bucket_ends_when_it_is_full(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=10)

    data_of(mai.post(BATCH, texts_for(group, 3)))

    lifetime = client().ttl(key_of(mai))
    assert 2 * SECONDS_OF_ONE < lifetime <= 3 * SECONDS_OF_ONE


def test_a_bucket_from_a_clock_that_was_ahead_is_only_empty(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=2)
    data_of(mai.post(TEXT, text_for(group)))
    pass_time(key_of(mai), -1_000_000)

    response = mai.post(TEXT, text_for(group))

    assert response.status_code == 429
    assert refills(response.headers["Retry-After"]) == 1


@pytest.mark.parametrize("stored", ["", "x", "0", "-5"])
def test_what_is_no_time_of_ours_is_a_full_bucket(
    mai: Api, group: ConversationSettings, limiting: Limiting, stored: str
) -> None:
    limiting(sender=1)
    client().set(key_of(mai), stored)

    data_of(mai.post(TEXT, text_for(group)))
    assert mai.post(TEXT, text_for(group)).status_code == 429


def test_a_limit_costs_no_further_round_trip_and_a_refusal_no_query(
    mai: Api, group: ConversationSettings, limiting: Limiting, calls: Calls
) -> None:
    limiting(sender=1, tenant=9)
    data_of(mai.post(TEXT, text_for(group)))
    redis, mongodb = calls.redis, calls.mongodb

    unknown = text_for(group, conversationId=new_id())
    assert mai.post(TEXT, unknown).status_code == 429
    assert (calls.redis - redis, calls.mongodb - mongodb) == (1, 0)

    client().delete(key_of(mai))
    redis = calls.redis
    data_of(mai.post(TEXT, text_for(group)))
    assert calls.redis - redis == 1


BURST = 7


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), max_size=8))
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_bucket_is_a_token_bucket(database: None, steps: list[tuple[int, int]]) -> None:
    """Each step: so many refills go by, then so many messages come at once."""
    limit = Limit(Scope.SENDER, f"rate:{new_id()}", PER_SECOND, BURST)
    tokens = BURST
    for brought, messages in steps:
        if client().exists(limit.key):
            pass_time(limit.key, brought * SECONDS_OF_ONE)
        tokens = min(BURST, tokens + brought)

        assert accepted(limit, messages) == min(tokens, messages)
        tokens -= min(tokens, messages)


def accepted(limit: Limit, messages: int) -> int:
    record = AcceptanceRecord("school-1", "c", "user-1", "2025-11-07T10:00:00.000Z", "ab" * 16)
    lookups = [Lookup("c", "user-1", new_id(), record) for _ in range(messages)]
    answers = cache.look_up(lookups, [limit])
    fits = [each.created_record for each in answers]
    assert fits == sorted(fits, reverse=True), "those that come first go through"
    assert [each.limited is None for each in answers] == fits
    return sum(fits)


@pytest.mark.parametrize(
    ("microseconds", "seconds"), [(1, 1), (1_000_000, 1), (1_000_001, 2), (20_000_000, 20)]
)
def test_retry_after_is_in_whole_seconds_and_never_too_early(
    microseconds: int, seconds: int
) -> None:
    limit = Limit(Scope.SENDER, "rate:x", 5, 100)

    assert Limited(limit, microseconds).retry_after_seconds == seconds

"""How fast one may send: a burst, then so many a second; for each sender and for each school.

The tests' limits refill once in a hundred seconds, and time passes by moving the bucket.
"""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat_project.identifiers import new_id
from chat_project.metrics import rate_limited_total
from chat_project.redis import client
from chat_project.settings.environment import Environment, environment
from conversations import cache
from conversations.cache import AcceptanceRecord, Lookup, limits
from conversations.cache.limits import Limit, Limited, Scope
from conversations.values import ConversationSettings
from messaging.identifiers import derived_message_id
from tests.api.conftest import serving
from tests.conftest import Api
from tests.conversations.conftest import PrivateRedis
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

SECONDS_OF_ONE = 100
PER_SECOND = 1 / SECONDS_OF_ONE

Limiting = Callable[..., None]


@pytest.fixture
def limiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Limiting]:
    """Sets the bursts: `limiting(sender=3, tenant=0)`; 0 is none."""

    def limit(*, sender: int = 0, tenant: int = 0, per_second: float = PER_SECOND) -> None:
        given = environment().model_copy(
            update={
                "rate_limit_messages_per_second": per_second,
                "rate_limit_burst": sender,
                "rate_limit_tenant_messages_per_second": per_second,
                "rate_limit_tenant_burst": tenant,
            }
        )
        monkeypatch.setattr(limits, "environment", lambda: given)
        limits.limits_of.cache_clear()

    yield limit
    limits.limits_of.cache_clear()


def key_of(sender: Api) -> str:
    return f'rate:["{sender.tenant_id}","{sender.user_id}"]'


def pass_time(key: str, seconds: float) -> None:
    full_at = int(client().get(key) or b"") - round(seconds * 1_000_000)
    client().set(key, full_at, keepttl=True)


def refills(seconds: str | int) -> int:
    """Whole refills that the wait is for; a test may take some seconds of the first."""
    return -(-int(seconds) // SECONDS_OF_ONE)


def codes_of(outcomes: Any) -> list[str | None]:
    return [outcome["error"] and outcome["error"]["code"] for outcome in outcomes]


def texts_for(group: ConversationSettings, count: int) -> list[Any]:
    return [text_for(group, f"Tin {number}") for number in range(count)]


def test_a_burst_goes_through_and_the_next_text_is_refused(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=3)
    for text in texts_for(group, 3):
        data_of(mai.post(TEXT, text))

    response = mai.post(TEXT, text_for(group))

    assert response.status_code == 429
    assert refills(response.headers["Retry-After"]) == 1
    assert error_of(response)["code"] == "rate_limited"
    assert error_of(response)["details"] == {
        "scope": "sender",
        "messagesPerSecond": PER_SECOND,
        "burst": 3,
        "retryAfterSeconds": int(response.headers["Retry-After"]),
    }
    assert len(records_in(group.id)) == 3


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


def test_the_items_of_a_batch_that_fit_go_through_in_their_order(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=2)
    items = [text_for(group, "one"), text_for(group, ""), *texts_for(group, 2)]

    outcomes = data_of(mai.post(BATCH, items))

    assert codes_of(outcomes) == [None, "content_empty", None, "rate_limited"]
    assert len(records_in(group.id)) == 2


def test_a_batch_of_which_nothing_fits_is_429_as_a_whole(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=3)
    data_of(mai.post(BATCH, texts_for(group, 3)))

    response = mai.post(BATCH, texts_for(group, 2))

    assert response.status_code == 429
    assert refills(response.headers["Retry-After"]) == 2, "then both fit"
    assert error_of(response)["code"] == "rate_limited"
    assert codes_of(error_of(response)["details"]["outcomes"]) == ["rate_limited"] * 2


def test_a_batch_that_is_refused_for_several_reasons_is_200(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=1)
    data_of(mai.post(TEXT, text_for(group)))

    outcomes = data_of(mai.post(BATCH, [text_for(group), text_for(group, "")]))

    assert codes_of(outcomes) == ["rate_limited", "content_empty"]


def test_a_retry_of_an_accepted_text_costs_nothing(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=2)
    first = data_of(mai.post(TEXT, text_for(group), idempotency_key="k"))

    assert data_of(mai.post(TEXT, text_for(group), idempotency_key="k")) == first
    data_of(mai.post(TEXT, text_for(group)))
    assert data_of(mai.post(TEXT, text_for(group), idempotency_key="k")) == first, "none is left"


def test_equal_items_under_one_key_cost_one(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=2)
    twice = [text_for(group, clientMessageId="k")] * 2

    outcomes = data_of(mai.post(BATCH, [*twice, *texts_for(group, 2)]))

    assert codes_of(outcomes) == [None, None, None, "rate_limited"]


def test_a_refused_text_leaves_nothing_and_its_retry_is_sent(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=1)
    data_of(mai.post(TEXT, text_for(group)))
    refused = mai.post(TEXT, text_for(group, "later"), idempotency_key="k")
    message_id = messaging_id(mai, "k")
    assert refused.status_code == 429
    assert status_of(mai, message_id) is None

    pass_time(key_of(mai), SECONDS_OF_ONE)

    sent = data_of(mai.post(TEXT, text_for(group, "later"), idempotency_key="k"))
    assert sent["messageId"] == message_id
    assert status_of(mai, message_id) == "Sending"


def messaging_id(sender: Api, key: str) -> str:
    return derived_message_id(sender.tenant_id, sender.user_id, key)


def test_everybody_has_a_bucket_of_their_own(
    mai: Api, colleague: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=1)
    data_of(mai.post(TEXT, text_for(group)))

    assert data_of(colleague.post(TEXT, text_for(group)))["status"] == "Sending"


def test_a_school_has_one_bucket_for_all_of_its_senders(
    mai: Api, colleague: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=5, tenant=2)
    before = rate_limited_total.labels("tenant")._value.get()
    data_of(mai.post(TEXT, text_for(group)))
    data_of(colleague.post(TEXT, text_for(group)))

    response = mai.post(TEXT, text_for(group))

    assert (response.status_code, error_of(response)["details"]["scope"]) == (429, "tenant")
    assert rate_limited_total.labels("tenant")._value.get() == before + 1


def test_what_one_limit_refuses_costs_nothing_in_the_other(
    mai: Api, colleague: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=1, tenant=2)
    data_of(mai.post(TEXT, text_for(group)))
    assert mai.post(TEXT, text_for(group)).status_code == 429

    assert data_of(colleague.post(TEXT, text_for(group)))["status"] == "Sending"


def test_a_text_that_is_refused_for_another_reason_counts(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=1)

    assert mai.post(TEXT, text_for(group, conversationId=new_id())).status_code == 404
    assert mai.post(TEXT, text_for(group)).status_code == 429


@pytest.mark.parametrize("off", [{"sender": 0}, {"sender": 1, "per_second": 0}], ids=str)
def test_a_burst_or_a_rate_of_0_is_no_limit(
    mai: Api, group: ConversationSettings, limiting: Limiting, off: Any
) -> None:
    limiting(**off)

    assert codes_of(data_of(mai.post(BATCH, texts_for(group, 100)))) == [None] * 100
    assert client().get(key_of(mai)) is None


def test_without_redis_there_is_no_limit(
    mai: Api, group: ConversationSettings, limiting: Limiting, private_redis: PrivateRedis
) -> None:
    limiting(sender=1, tenant=1)
    private_redis.process.kill()
    private_redis.process.wait()

    assert codes_of(data_of(mai.post(BATCH, texts_for(group, 3)))) == [None] * 3


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


def test_the_settings_limit_all_processes_of_the_api_together(
    mai: Api, group: ConversationSettings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    given = {"RATE_LIMIT_MESSAGES_PER_SECOND": str(PER_SECOND), "RATE_LIMIT_BURST": "3"}
    log = tmp_path_factory.mktemp("gunicorn")
    headers = {"Authorization": f"Bearer {mai.token}"}

    with serving(log / "one", **given) as one, serving(log / "two", **given) as two:
        statuses = [
            httpx.post(served.url + TEXT, json=text_for(group), headers=headers).status_code
            for served in (one, two, one, two, one)
        ]

    assert statuses == [200, 200, 200, 429, 429]


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


def test_by_default_there_are_limits() -> None:
    defaults = {name: field.default for name, field in Environment.model_fields.items()}

    assert defaults["rate_limit_messages_per_second"] == 5
    assert defaults["rate_limit_burst"] == 100
    assert defaults["rate_limit_tenant_messages_per_second"]
    assert defaults["rate_limit_tenant_burst"]

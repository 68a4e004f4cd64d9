"""How fast one may send: a burst, then so many a second; for each sender and for each school."""

from typing import Any

import httpx
import pytest

from chat_project.identifiers import new_id
from chat_project.metrics import rate_limited_total
from chat_project.redis import client
from chat_project.settings.environment import Environment
from conversations.values import ConversationSettings
from tests.api.conftest import serving
from tests.conftest import Api
from tests.conversations.conftest import PrivateRedis
from tests.messaging.conftest import BATCH, TEXT, data_of, error_of, records_in, text_for
from tests.messaging.rate_limits.buckets import (
    PER_SECOND,
    Limiting,
    codes_of,
    key_of,
    refills,
    texts_for,
)


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


def test_by_default_there_are_limits() -> None:
    defaults = {name: field.default for name, field in Environment.model_fields.items()}

    assert defaults["rate_limit_messages_per_second"] == 5
    assert defaults["rate_limit_burst"] == 100
    assert defaults["rate_limit_tenant_messages_per_second"]
    assert defaults["rate_limit_tenant_burst"]

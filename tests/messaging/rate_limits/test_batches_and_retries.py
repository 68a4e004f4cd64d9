"""Limits of a batch, item by item, and of what is sent again under its key."""

from conversations.values import ConversationSettings
from messaging.identifiers import derived_message_id
from tests.conftest import Api
from tests.messaging.conftest import BATCH, TEXT, data_of, error_of, records_in, status_of, text_for
from tests.messaging.rate_limits.buckets import (
    SECONDS_OF_ONE,
    Limiting,
    codes_of,
    key_of,
    pass_time,
    refills,
    texts_for,
)


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


def test_equal_items_under_one_key_cost_one(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=2)
    twice = [text_for(group, clientMessageId="k")] * 2

    outcomes = data_of(mai.post(BATCH, [*twice, *texts_for(group, 2)]))

    assert codes_of(outcomes) == [None, None, None, "rate_limited"]


def test_a_retry_of_an_accepted_text_costs_nothing(
    mai: Api, group: ConversationSettings, limiting: Limiting
) -> None:
    limiting(sender=2)
    first = data_of(mai.post(TEXT, text_for(group), idempotency_key="k"))

    assert data_of(mai.post(TEXT, text_for(group), idempotency_key="k")) == first
    data_of(mai.post(TEXT, text_for(group)))
    assert data_of(mai.post(TEXT, text_for(group), idempotency_key="k")) == first, "none is left"


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

"""A conversation id that nobody has, beside good texts: they are limited and recorded as without it."""

import pytest

from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import BATCH, TEXT, data_of, records_in, status_of, text_for
from tests.messaging.rate_limits.buckets import Limiting, codes_of, texts_for

PATTERNS = (
    "{}:members",
    "{}:head",
    "members:{}",
    "head:{}",
    "conversation:{}",
    "{}:",
    ":",
    "*",
    "x",
)


@pytest.fixture(params=PATTERNS)
def odd_id(request: pytest.FixtureRequest, group: ConversationSettings) -> str:
    return str(request.param.format(group.id))


def test_an_odd_id_in_a_batch_lifts_no_limit(
    mai: Api, group: ConversationSettings, limiting: Limiting, odd_id: str
) -> None:
    limiting(sender=3)
    data_of(mai.post(TEXT, text_for(group)))
    odd = {**text_for(group), "conversationId": odd_id}

    outcomes = data_of(mai.post(BATCH, [odd, *texts_for(group, 4)]))

    refused = "conversation_not_found"
    assert codes_of(outcomes) == [refused, None, "rate_limited", "rate_limited", "rate_limited"]
    assert len(records_in(group.id)) == 2


def test_an_odd_id_in_a_batch_lifts_no_check_of_a_key(
    mai: Api, group: ConversationSettings, odd_id: str
) -> None:
    data_of(mai.post(TEXT, text_for(group, "Một", clientMessageId="k")))
    odd = {**text_for(group), "conversationId": odd_id}

    texts = [text_for(group, "Hai", clientMessageId="k"), odd, text_for(group, "Ba")]
    outcomes = data_of(mai.post(BATCH, texts))

    assert codes_of(outcomes) == ["idempotency_key_reused", "conversation_not_found", None]
    assert status_of(mai, outcomes[2]["data"]["messageId"]) == "Sending"  # it has a record

"""A batch: one outcome per item, in order."""

import json
from typing import Any

import msgspec
import pytest

from chat_project.identifiers import new_id
from conversations.values import ConversationSettings
from messaging.identifiers import derived_message_id
from tests.conftest import Api
from tests.messaging.conftest import BATCH, TEXT, data_of, error_of, records_in, text_for


def codes_of(outcomes: Any) -> list[str | None]:
    assert all(outcome["success"] is (outcome["error"] is None) for outcome in outcomes)
    assert all(outcome["success"] is (outcome["data"] is not None) for outcome in outcomes)
    return [outcome["error"] and outcome["error"]["code"] for outcome in outcomes]


def test_a_hundred_texts_keep_their_order(mai: Api, group: ConversationSettings) -> None:
    texts = [text_for(group, f"Tin {n}") for n in range(100)]

    outcomes = data_of(mai.post(BATCH, {"messages": texts}))

    assert codes_of(outcomes) == [None] * 100
    assert [outcome["data"]["content"] for outcome in outcomes] == [t["content"] for t in texts]
    logged = [msgspec.json.decode(record.value() or b"") for record in records_in(group.id)]
    assert [event["messageId"] for event in logged] == [
        outcome["data"]["messageId"] for outcome in outcomes
    ]


@pytest.mark.parametrize("name", ["messages", "Messages", None], ids=["named", "case", "bare"])
def test_the_texts_come_named_or_as_a_bare_array(
    mai: Api, group: ConversationSettings, name: str | None
) -> None:
    texts = [text_for(group)]

    outcomes = data_of(mai.post(BATCH, {name: texts, "other": 1} if name else texts))

    assert codes_of(outcomes) == [None]


def test_each_bad_item_has_its_own_error_and_the_others_are_sent(
    mai: Api, group: ConversationSettings, new_conversation: Any, api: Any
) -> None:
    not_mine = new_conversation(api(tenant_id=mai.tenant_id))
    items = [
        json.dumps(text_for(group, "first")),
        json.dumps(text_for(group, "")),
        '{"conversationId": 5}',
        '{"content": "\\ud800"}',
        "5",
        "1e999",
        json.dumps(text_for(group, senderId="x")),
        json.dumps({"conversationId": new_id(), "content": "a"}),
        json.dumps(text_for(not_mine)),
        json.dumps(text_for(group, "last")),
    ]

    outcomes = data_of(mai.post(BATCH, f'{{"messages": [{",".join(items)}]}}'))

    assert codes_of(outcomes) == [
        None,
        "content_empty",
        "invalid_field",
        "lone_surrogate",
        "invalid_field",
        "malformed_json",
        "sender_mismatch",
        "conversation_not_found",
        "not_a_participant",
        None,
    ]
    assert len(records_in(group.id)) == 2


def test_a_batch_of_refused_items_is_still_200(mai: Api, group: ConversationSettings) -> None:
    outcomes = data_of(mai.post(BATCH, [text_for(group, ""), text_for(group, " ")]))

    assert codes_of(outcomes) == ["content_empty"] * 2


@pytest.mark.parametrize("size", [0, 101])
def test_a_batch_of_another_size_is_refused(
    mai: Api, group: ConversationSettings, size: int
) -> None:
    response = mai.post(BATCH, {"messages": [text_for(group)] * size})

    assert (response.status_code, error_of(response)["code"]) == (400, "batch_size")
    assert error_of(response)["details"]["limit"] == 100
    assert not records_in(group.id)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "malformed_json"),
        ("[1", "malformed_json"),
        ("[" * 50_000 + "]" * 50_000, "malformed_json"),
        ("5", "invalid_field"),
        ("{}", "invalid_field"),
        ('{"messages": null}', "invalid_field"),
        ('{"messages": {}}', "invalid_field"),
    ],
    ids=["cut off", "array cut off", "50,000 deep", "number", "no messages", "null", "object"],
)
def test_a_body_that_is_no_batch_is_refused(mai: Api, body: str, code: str) -> None:
    response = mai.post(BATCH, body)

    assert (response.status_code, error_of(response)["code"]) == (400, code)


def test_a_batch_may_be_four_times_as_large_as_a_text(
    mai: Api, group: ConversationSettings
) -> None:
    allowed = mai.post(BATCH, [text_for(group, "a" * 3_900_000)])
    refused = mai.post(BATCH, [text_for(group, "a" * 4_000_000)])

    assert codes_of(data_of(allowed)) == ["content_too_long"]
    assert (refused.status_code, error_of(refused)["code"]) == (413, "payload_too_large")


def test_a_key_of_the_batch_stands_for_one_key_per_item(
    mai: Api, group: ConversationSettings
) -> None:
    outcomes = data_of(mai.post(BATCH, [text_for(group)] * 2, idempotency_key="K"))

    ids = [outcome["data"]["messageId"] for outcome in outcomes]
    assert ids == [derived_message_id(mai.tenant_id, mai.user_id, f"K/{n}") for n in (0, 1)]


def test_a_batch_that_is_sent_again_has_the_same_ids(mai: Api, group: ConversationSettings) -> None:
    texts = [text_for(group, f"{n}") for n in range(3)]

    first = data_of(mai.post(BATCH, texts, idempotency_key="K"))

    assert data_of(mai.post(BATCH, texts, idempotency_key="K")) == first


def test_a_key_of_an_item_is_the_same_as_that_of_a_text(
    mai: Api, group: ConversationSettings
) -> None:
    (outcome,) = data_of(mai.post(BATCH, [text_for(group, clientMessageId="k")]))

    assert data_of(mai.post(TEXT, text_for(group), idempotency_key="k")) == outcome["data"]


def test_an_item_with_a_key_of_its_own_beside_the_batchs_is_refused(
    mai: Api, group: ConversationSettings
) -> None:
    items = [text_for(group, clientMessageId="mine"), text_for(group)]

    outcomes = data_of(mai.post(BATCH, items, idempotency_key="K"))

    assert codes_of(outcomes) == ["idempotency_keys_differ", None]


def test_a_bad_key_of_the_batch_is_refused_as_a_whole(
    mai: Api, group: ConversationSettings
) -> None:
    response = mai.post(BATCH, [text_for(group)], idempotency_key="k" * 256)

    assert (response.status_code, error_of(response)["code"]) == (400, "invalid_idempotency_key")


def test_equal_items_under_one_key_are_one_message(mai: Api, group: ConversationSettings) -> None:
    items = [text_for(group, clientMessageId="k")] * 2

    first, second = data_of(mai.post(BATCH, items))

    assert first["data"] == second["data"]


def test_the_later_of_two_different_items_under_one_key_is_422(
    mai: Api, group: ConversationSettings
) -> None:
    items = [text_for(group, content, clientMessageId="k") for content in ("one", "two")]

    outcomes = data_of(mai.post(BATCH, items))

    assert codes_of(outcomes) == [None, "idempotency_key_reused"]
    assert len(records_in(group.id)) == 1

"""What is refused with 400, 413 or 415, each with its own error code."""

import json
from typing import Any

import pytest

from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import TEXT, data_of, error_of, records_in, text_for

ASTRAL = "🎒"  # two UTF-16 code units


def mention(start: Any = 0, length: Any = 1, **more: Any) -> Any:
    return {"userId": "u-1", "startIndex": start, "length": length, **more}


BAD_FIELDS = [
    pytest.param({"content": ""}, "content_empty", "content", id="empty content"),
    pytest.param({"content": None}, "content_empty", "content", id="null content"),
    pytest.param({"content": " \t\n\u3000"}, "content_empty", "content", id="blank content"),
    pytest.param({"content": "a\0b"}, "content_has_nul", "content", id="NUL"),
    pytest.param({"senderName": "a\0"}, "name_has_nul", "senderName", id="NUL in a name"),
    pytest.param(
        {"replyToMessageId": "a\0"}, "invalid_field", "replyToMessageId", id="NUL in a reply id"
    ),
    pytest.param({"content": "a" * 5_001}, "content_too_long", "content", id="5,001 characters"),
    pytest.param(
        {"content": ASTRAL * 2_500 + "a"}, "content_too_long", "content", id="5,001 UTF-16 units"
    ),
    pytest.param({"content": 5}, "invalid_field", "content", id="content is a number"),
    pytest.param({"content": ["a"]}, "invalid_field", "content", id="content is a list"),
    pytest.param({"conversationId": None}, "invalid_field", "conversationId", id="no id"),
    pytest.param({"conversationId": ""}, "invalid_field", "conversationId", id="empty id"),
    pytest.param({"conversationId": "a" * 256}, "invalid_field", "conversationId", id="long id"),
    pytest.param({"senderId": 5}, "invalid_field", "senderId", id="sender is a number"),
    pytest.param({"mentions": {}}, "invalid_field", "mentions", id="mentions is an object"),
    pytest.param(
        {"mentions": [mention(start="0")]},
        "invalid_field",
        "mentions[0].startIndex",
        id="startIndex is a text",
    ),
    pytest.param(
        {"mentions": [mention(start=0.5)]},
        "invalid_field",
        "mentions[0].startIndex",
        id="startIndex is a fraction",
    ),
    pytest.param(
        {"mentions": [{"startIndex": 0, "length": 1}]},
        "invalid_field",
        "mentions[0].userId",
        id="mention without user",
    ),
    pytest.param(
        {"mentions": [mention()] * 101}, "too_many_mentions", "mentions", id="101 mentions"
    ),
    pytest.param(
        {"mentions": [mention(), mention(start=-1)]},
        "mention_outside_text",
        "mentions[1]",
        id="mention before the text",
    ),
    pytest.param(
        {"content": ASTRAL, "mentions": [mention(start=1, length=2)]},
        "mention_outside_text",
        "mentions[0]",
        id="mention beyond the text",
    ),
    pytest.param(
        {"mentions": [mention(length=-1)]},
        "mention_outside_text",
        "mentions[0]",
        id="mention of negative length",
    ),
    pytest.param({"senderName": "n" * 256}, "name_too_long", "senderName", id="sender's name"),
    pytest.param(
        {"mentions": [mention(userName=ASTRAL * 128)]},
        "name_too_long",
        "mentions[0].userName",
        id="mentioned name",
    ),
    pytest.param(
        {"clientMessageId": ""}, "invalid_idempotency_key", "clientMessageId", id="empty key"
    ),
    pytest.param(
        {"clientMessageId": "k" * 256}, "invalid_idempotency_key", "clientMessageId", id="long key"
    ),
    pytest.param(
        {"clientMessageId": "khóa"}, "invalid_idempotency_key", "clientMessageId", id="not ASCII"
    ),
    pytest.param(
        {"clientMessageId": "k\n"}, "invalid_idempotency_key", "clientMessageId", id="control"
    ),
]


@pytest.mark.parametrize(("fields", "code", "field"), BAD_FIELDS)
def test_a_bad_field_has_its_own_code_and_is_named(
    mai: Api, group: ConversationSettings, fields: Any, code: str, field: str
) -> None:
    response = mai.post(TEXT, {**text_for(group), **fields})

    error = error_of(response)
    assert (response.status_code, error["code"]) == (400, code)
    assert error["details"]["field"] == field
    assert not records_in(group.id)


BAD_BODIES = [
    pytest.param('{"content": ', "malformed_json", id="cut off"),
    pytest.param(" ", "malformed_json", id="empty"),
    pytest.param('{"content": "\\ud800"}', "lone_surrogate", id="lone surrogate"),
    pytest.param('{"content": 1e999}', "malformed_json", id="number beyond a double"),
    pytest.param("[" * 50_000 + "]" * 50_000, "malformed_json", id="50,000 deep"),
    pytest.param('{"a":' * 50_000 + "1" + "}" * 50_000, "malformed_json", id="50,000 objects"),
    pytest.param("5", "invalid_field", id="a number"),
    pytest.param("[]", "invalid_field", id="a list"),
    pytest.param("null", "invalid_field", id="null"),
]


@pytest.mark.parametrize(("body", "code"), BAD_BODIES)
def test_a_bad_body_has_its_own_code(mai: Api, body: str, code: str) -> None:
    response = mai.post(TEXT, body)

    assert (response.status_code, error_of(response)["code"]) == (400, code)


def test_a_body_over_the_limit_is_413(mai: Api, group: ConversationSettings) -> None:
    response = mai.post(TEXT, text_for(group, "a" * 1_000_000))

    assert (response.status_code, error_of(response)["code"]) == (413, "payload_too_large")


def test_a_body_that_is_not_json_is_415(mai: Api) -> None:
    response = mai.client.post(TEXT, "<xml/>", content_type="application/xml")

    assert (response.status_code, error_of(response)["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("key", ["", "k" * 256, "kh\u00f3a"], ids=["empty", "long", "not ASCII"])
def test_a_bad_key_in_the_header_is_refused(
    mai: Api, group: ConversationSettings, key: str
) -> None:
    response = mai.client.post(
        TEXT, json.dumps(text_for(group)), "application/json", HTTP_IDEMPOTENCY_KEY=key
    )

    assert (response.status_code, error_of(response)["code"]) == (400, "invalid_idempotency_key")
    assert error_of(response)["details"]["field"] == "Idempotency-Key"


def test_header_and_body_key_must_agree(mai: Api, group: ConversationSettings) -> None:
    body = text_for(group, clientMessageId="one")

    differing = mai.post(TEXT, body, idempotency_key="two")
    agreeing = mai.post(TEXT, body, idempotency_key="one")

    assert (differing.status_code, error_of(differing)["code"]) == (400, "idempotency_keys_differ")
    assert agreeing.status_code == 200


LONGEST_ALLOWED = [
    pytest.param({"content": "a" * 5_000}, id="5,000 characters"),
    pytest.param({"content": ASTRAL * 2_500}, id="5,000 UTF-16 units"),
    pytest.param(
        {"content": ASTRAL, "mentions": [mention(start=0, length=2)] * 100}, id="100 mentions"
    ),
    pytest.param({"senderName": "n" * 255}, id="a name of 255"),
    pytest.param({"clientMessageId": " ~" * 127 + "k"}, id="a key of 255"),
    pytest.param({"mentions": None, "replyToMessageId": None, "senderName": None}, id="nulls"),
]


@pytest.mark.parametrize("fields", LONGEST_ALLOWED)
def test_what_is_at_its_limit_is_accepted(
    mai: Api, group: ConversationSettings, fields: Any
) -> None:
    body = {**text_for(group), **fields}

    assert data_of(mai.post(TEXT, body))["content"] == body["content"]

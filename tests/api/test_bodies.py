import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.conftest import Api

Answer = Any


def post_note(
    api: Callable[..., Api], body: bytes, content_type: str = "application/json"
) -> Answer:
    # Django's client drops the content type of an empty body unless it comes as a header.
    headers = {"Content-Type": content_type}
    path = "/api/v1/probe/note"
    return api().client.post(path, body, content_type=content_type, headers=headers)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"content": "hi"}', {"content": "hi", "replyTo": None, "mentions": None}),
        (b'\xef\xbb\xbf{"content": "hi"}', {"content": "hi", "replyTo": None, "mentions": None}),
        (
            b'{"CONTENT": "hi", "ReplyTo": "m", "Mentions": [{"StartIndex": 1, "userID": "u"}]}',
            {"content": "hi", "replyTo": "m", "mentions": [{"startIndex": 1, "userId": "u"}]},
        ),
        (
            b'{"content": "hi", "unknown": {"Content": 1}, "mentions": [{"startIndex": 2, "x": 0}]}',
            {"content": "hi", "replyTo": None, "mentions": [{"startIndex": 2, "userId": None}]},
        ),
        (b'{"content": "a", "Content": "b"}', {"content": "b", "replyTo": None, "mentions": None}),
        (
            '{"content": "Nguyễn 😀 \\ud83d\\ude00"}'.encode(),
            {"content": "Nguyễn 😀 😀", "replyTo": None, "mentions": None},
        ),
        (b'{"content": "\\u0000"}', {"content": "\0", "replyTo": None, "mentions": None}),
    ],
    ids=[
        "plain",
        "with a BOM",
        "names in another case, nested too",
        "unknown fields",
        "two spellings of one name",
        "surrogate pairs",
        "NUL is for the endpoint to judge",
    ],
)
def test_a_body_is_read(api: Callable[..., Api], body: bytes, expected: dict[str, Any]) -> None:
    answer = post_note(api, body)

    assert answer.status_code == 200, answer.content
    assert answer.json()["data"] == expected


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"", "malformed_json", None),
        (b"not json", "malformed_json", None),
        (b'{"content": "hi"', "malformed_json", None),
        (b'{"content": "hi"} {}', "malformed_json", None),
        (b'{"content": "line\nbreak"}', "malformed_json", None),
        (b'{"content": "\xff\xfe"}', "malformed_json", None),
        (b'{"content": "\xed\xa0\x80"}', "malformed_json", None),
        (b"NaN", "malformed_json", None),
        (b"[" * 50_000, "malformed_json", None),
        (b'{"content": "hi", "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "malformed_json", None),
        (b'{"content": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "malformed_json", None),
        (b'{"content": "hi", "x": 1e999}', "malformed_json", None),
        (b'{"content": "hi", "mentions": [{"startIndex": 1e999}]}', "malformed_json", None),
        (b'{"content": "half \\ud800"}', "lone_surrogate", "content"),
        (b'{"content": "\\ude00 half"}', "lone_surrogate", "content"),
        (b'{"content": "\\ud800\\u0041"}', "lone_surrogate", "content"),
        (
            b'{"content": "", "mentions": [{}, {"userId": "\\udfff", "startIndex": 0}]}',
            "lone_surrogate",
            "mentions[1].userId",
        ),
        (b'{"\\ud800": 1}', "lone_surrogate", None),
        (b"null", "invalid_field", None),
        (b"[]", "invalid_field", None),
        (b"{}", "invalid_field", "content"),
        (b'{"content": null}', "invalid_field", "content"),
        (b'{"content": 7}', "invalid_field", "content"),
        (b'{"Content": 7}', "invalid_field", "content"),
        (b'{"content": "hi", "mentions": {}}', "invalid_field", "mentions"),
        (b'{"content": "hi", "mentions": [7]}', "invalid_field", "mentions[0]"),
        (b'{"content": "hi", "mentions": [{}]}', "invalid_field", "mentions[0].startIndex"),
        (
            b'{"content": "hi", "mentions": [{"STARTINDEX": "1"}]}',
            "invalid_field",
            "mentions[0].startIndex",
        ),
    ],
)
def test_a_bad_body_is_400_and_names_the_field(
    api: Callable[..., Api], body: bytes, code: str, field: str | None
) -> None:
    answer = post_note(api, body)

    assert answer.status_code == 400, answer.content
    error = answer.json()["error"]
    assert (error["code"], (error["details"] or {}).get("field")) == (code, field)


def test_an_error_says_what_is_allowed_in_the_words_of_json(api: Callable[..., Api]) -> None:
    error = post_note(api, b'{"content": 7}').json()["error"]

    assert error["message"] == "content: Expected string, got integer"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("Application/JSON; charset=UTF-8", 200),
        ("text/json", 200),
        ("application/vnd.emis+json", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
        ("application/json; charset=utf-16", 415),
    ],
)
def test_only_json_is_read(api: Callable[..., Api], content_type: str, status: int) -> None:
    assert post_note(api, b'{"content": "hi"}', content_type).status_code == status


def test_a_compressed_body_is_415(api: Callable[..., Api]) -> None:
    answer = api().post("/api/v1/probe/note", {"content": "hi"}, content_encoding="gzip")

    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


def test_a_body_over_the_limit_is_413_and_one_at_the_limit_is_read() -> None:
    def post(size: int) -> Answer:
        body = json.dumps({"content": "x" * (size - len('{"content": ""}'))})
        path = "/api/v1/probe/length?limit=1000"
        return Client().post(path, body, content_type="application/json")

    assert post(1_000).status_code == 200
    over = post(1_001)
    assert over.status_code == 413
    assert over.json()["error"]["code"] == "payload_too_large"
    assert over.json()["error"]["details"] == {"limitBytes": 1000}


@pytest.mark.parametrize("path", ["note", "plain"])
def test_the_limit_is_a_decimal_megabyte_unless_an_endpoint_says_otherwise(
    api: Callable[..., Api], path: str
) -> None:
    def post(size: int) -> Answer:
        body = json.dumps({"content": "x" * (size - len('{"content": ""}'))})
        target = f"/api/v1/probe/{path}"
        return api().client.post(target, body, content_type="application/json")

    assert post(1_000_000).status_code == 200
    assert post(1_000_001).json()["error"]["details"] == {"limitBytes": 1_000_000}


@pytest.mark.parametrize(
    ("body", "status"), [(b'{"a": [1, "x"]}', 200), (b'{"a": "\\ud800"}', 400), (b"{", 400)]
)
def test_endpoints_with_serializers_read_bodies_by_the_same_rules(
    api: Callable[..., Api], body: bytes, status: int
) -> None:
    answer = api().client.post("/api/v1/probe/plain", body, content_type="application/json")

    assert answer.status_code == status

"""MongoDB's operators, wherever a value may stand, are text or an error and never a query."""

from collections.abc import Iterator
from itertools import product
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from django.test import Client

from tests.messaging.conftest import MESSAGES, TEXT, data_of, records_in, text_for
from tests.security.conftest import Room, told_secrets
from tests.security.rows import ROWS, Target, call, refusal

OPERATORS: list[Any] = [{"$ne": None}, {"$gt": ""}, {"$where": "sleep(5000)"}, [{"$ne": None}]]
AS_TEXT = ['{"$ne":null}', "$where", "[$ne]", "1'||'1'=='1", "$$ROOT", "$tenantId"]
FREE_TEXT = ("searchTerm", "emoji")
"""Parameters whose value may be any text."""

every_row = pytest.mark.parametrize("endpoint", ROWS)
every_row_of_json = pytest.mark.parametrize(
    "endpoint", [name for name, row in ROWS.items() if not row.is_form]
)
"""In a form everything is text, an operator too."""


@pytest.fixture(scope="module")
def document() -> Any:
    return Client().get("/swagger/v1/swagger.json").json()


def operation_of(document: Any, endpoint: str) -> Any:
    method, path = endpoint.split(" ")
    return document["paths"][f"/api/v1{path}"][method.lower()]


def body_fields(document: Any, endpoint: str) -> list[str]:
    content = operation_of(document, endpoint).get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return []
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    return list(document["components"]["schemas"][name]["properties"])


def query_names(document: Any, endpoint: str) -> list[str]:
    parameters = operation_of(document, endpoint)["parameters"]
    return [each["name"] for each in parameters if each["in"] == "query"]


def places_in_path(endpoint: str) -> list[str]:
    return [name for name in Target._fields if f"{{{name}}}" in endpoint]


def fields_with_operators(body: Any) -> Iterator[tuple[str, Any]]:
    """The body with an operator in one place, for every place in it, nested ones too."""
    for name, value in body.items():
        for operator in OPERATORS:
            yield f"{name} = {operator}", {**body, name: operator}
        if isinstance(value, list) and value and isinstance(value[0], dict):
            for place, changed in fields_with_operators(value[0]):
                yield f"{name}[0].{place}", {**body, name: [changed]}


@every_row_of_json
def test_an_operator_in_a_body_is_400(room: Room, document: Any, endpoint: str) -> None:
    row, before = ROWS[endpoint], room.everything()
    whole = dict.fromkeys(body_fields(document, endpoint)) | (
        row.body(room.target) if row.body else {}
    )

    for place, body in fields_with_operators(whole):
        response = call(room.teacher, endpoint, room.target, body=body)
        assert refusal(response) == (400, "invalid_field"), place
        assert told_secrets(response) == [], place
    assert room.everything() == before


@every_row_of_json
def test_a_body_that_is_an_operator_gives_nobody_anything(room: Room, endpoint: str) -> None:
    before = room.everything()

    for operator in OPERATORS:
        response = call(room.stranger, endpoint, room.target, body=operator)
        status, _ = refusal(response)
        assert status in (400, 403) or response.json()["data"]["items"] == [], operator
        assert told_secrets(response) == [], operator
    assert room.everything() == before


@every_row
def test_an_operator_as_a_name_in_the_query_changes_nothing(
    room: Room, document: Any, endpoint: str
) -> None:
    before = room.everything()
    target = room.target
    if endpoint == "GET /conversations/user/{user_id}":
        target = target._replace(user_id=room.stranger.user_id)
    usual = refusal(call(room.stranger, endpoint, target))

    for name in query_names(document, endpoint):
        for suffix in ("[$ne]", "[$gt]", "[$where]", "[]", ".$ne"):
            query = "&".join(filter(None, [ROWS[endpoint].query, urlencode({name + suffix: "x"})]))
            response = call(room.stranger, endpoint, target, query=query)
            assert refusal(response) == usual, query
            assert told_secrets(response) == [], query
    assert room.everything() == before


@every_row
def test_an_operator_as_a_value_in_the_query_finds_nothing(
    room: Room, document: Any, endpoint: str
) -> None:
    before = room.everything()

    for name, text in product(query_names(document, endpoint), AS_TEXT):
        response = call(room.teacher, endpoint, room.target, query=urlencode({name: text}))
        if name in FREE_TEXT and response.status_code == 200:
            assert response.json()["data"].get("items", []) == [], (name, text)
        else:
            assert response.status_code in (400, 403), (name, text)
    assert without_records(room.everything()) == without_records(before)


@every_row
def test_an_operator_as_an_id_in_the_path_finds_nothing(room: Room, endpoint: str) -> None:
    before = room.everything()

    for place, text in product(places_in_path(endpoint), AS_TEXT):
        response = call(room.teacher, endpoint, room.target._replace(**{place: text}))
        if response.status_code == 200:
            assert response.json()["data"]["items"] == [], (place, text)
        else:
            assert response.status_code in (400, 403, 404), (place, text)
        assert told_secrets(response) == [], (place, text)
    assert room.everything() == before


@pytest.mark.parametrize("text", AS_TEXT)
def test_an_operator_in_a_text_is_a_text(room: Room, text: str) -> None:
    sent = data_of(room.teacher.post(TEXT, text_for(room.group, text)))
    edited = data_of(room.teacher.put(MESSAGES + sent["messageId"], {"content": text}))

    assert (sent["content"], edited["content"]) == (text, text)
    events = [msgspec.json.decode(record.value() or b"") for record in records_in(room.group.id)]
    assert [event["content"] for event in events][-2:] == [text, text]


def without_records(everything: list[Any]) -> list[Any]:
    """Taking a reaction back that is not there is an event all the same."""
    return everything[:-1]

import re
from contextlib import closing
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from messaging.deliveries import Reason
from messaging.errors import OutcomeUnknown

SENDING = ("text", "batch")


@pytest.fixture(scope="module")
def document() -> Any:
    answer = Client().get("/swagger/v1/swagger.json")
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize("path", ["/swagger", "/swagger/", "/Swagger"])
def test_swagger_is_shown_without_a_foreign_host(path: str) -> None:
    page = Client().get(path)

    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.content.decode())
    assert addresses
    for address in addresses:
        assert address.startswith("/static/")
        with closing(Client().get(address)) as file:
            assert file.status_code == 200


def test_the_document_is_valid_and_complete() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")


def test_the_document_asks_for_a_bearer_token(document: Any) -> None:
    scheme = document["components"]["securitySchemes"]["bearer"]

    assert scheme == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def test_every_answer_of_the_document_is_in_the_envelope(document: Any) -> None:
    answers = [
        (path, status, content["schema"])
        for path, operations in document["paths"].items()
        for operation in operations.values()
        for status, answer in operation["responses"].items()
        for content in answer.get("content", {}).values()
    ]

    assert answers
    for path, status, schema in answers:
        if status.startswith("2"):
            assert list(schema["properties"]) == ["success", "data", "error", "metadata"], path
        else:
            assert schema == {"$ref": "#/components/schemas/ErrorEnvelope"}, (path, status)


def test_what_sending_answers_is_described(document: Any) -> None:
    text, batch = (document["paths"][f"/api/v1/messages/{name}"]["post"] for name in SENDING)

    assert {"413", "415"} <= batch["responses"].keys()
    assert {"409", "413", "415", "422"} <= text["responses"].keys()
    told = text["description"] + text["responses"]["413"]["description"]
    others = ("user_mismatch", "tenant_mismatch", "database_unavailable")
    for code in (*Reason, OutcomeUnknown.code, *others):
        assert f"`{code}`" in told


def test_what_the_token_says_may_be_said_again(document: Any) -> None:
    body = document["components"]["schemas"]["TextRequest"]["properties"]

    assert {"senderId", "userId", "editorUserId"} <= body.keys()
    for operations in document["paths"].values():
        for operation in operations.values():
            named = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
            assert {"userId", "requestedBy", "tenantId"} <= named


def test_paths_stand_in_the_document_as_they_are_written(document: Any) -> None:
    assert all(re.fullmatch(r"/api/v1/[a-z{}_/-]+[^/]", path) for path in document["paths"])

"""The OpenAPI document: every endpoint, every error code, an example of each."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver

from chat_project import urls
from chat_project.api.codes import all_codes
from chat_project.api.exceptions import CODES
from chat_project.api.schema import FILE
from messaging.attachments.errors import TooLarge
from messaging.deliveries import Reason
from messaging.errors import OutcomeUnknown
from tests.endpoints import OPENED_BY_LINKS

ROOT = Path(__file__).resolve().parent.parent.parent
PRODUCT = ("chat_project", "conversations", "messaging", "realtime", "consumers")
SENDING = ("text", "batch")
API = "/api/v1/"
PAGES = {
    *("/swagger", "/redoc", "/swagger/v1/swagger.json"),
    *("/swagger/index.html", "/redoc/index.html"),
}
"""Served, and no part of the API: two pages, what leads there, and the document itself."""

OF_BASE_CLASSES = {"invalid_request", "forbidden", "conflict", "not_acceptable", "unavailable"}
"""What errors without a code of their own would have; no operation answers them today."""


@pytest.fixture(scope="module")
def document() -> Any:
    answer = Client().get("/swagger/v1/swagger.json")
    assert answer.status_code == 200
    return answer.json()


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    """`GET /path` and the operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def contents(operation: Any) -> Iterator[tuple[str, Any]]:
    """`request` or a status, and a media type's schema and examples; a file has none."""
    if "requestBody" in operation:
        [content] = operation["requestBody"]["content"].values()
        yield "request", content
    for status, answer in operation["responses"].items():
        for content in answer.get("content", {}).values():
            if content["schema"] != FILE:
                yield status, content


def codes_of(operation: Any) -> set[str]:
    return {
        code
        for status, content in contents(operation)
        if status >= "4" and status != "request"
        for code in content["examples"]
    }


def test_the_document_is_valid_and_complete() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", "/dev/null")


def test_the_document_is_the_same_each_time(document: Any) -> None:
    assert Client().get("/swagger/v1/swagger.json").json() == document


def test_every_endpoint_is_documented_and_every_documented_one_is_there(document: Any) -> None:
    served = set(endpoints(urls.urlpatterns))

    assert len(served) > 30
    assert {name for name, _ in operations(document)} == served


def endpoints(patterns: Any, before: str = "/") -> Iterator[str]:
    """`GET /path/{id}` of everything that is served, but for the admin and PAGES."""
    for pattern in patterns:
        path = before + shown(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            if path != "/admin/":
                yield from endpoints(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern) and path not in PAGES:
            actions = getattr(pattern.callback, "actions", {"get": None})
            yield from (f"{method.upper()} {path}" for method in actions if method != "head")


def shown(route: str) -> str:
    """A route's expression as the document writes it."""
    plain = re.sub(r"\(\?P<(\w+)>[^()]*\)", r"{\1}", route)
    return plain.strip("^$").replace("\\", "")


def test_every_code_that_is_raised_has_its_meaning_and_no_other_has() -> None:
    assert set(raised_codes()) == set(all_codes())


def raised_codes() -> Iterator[str]:
    """What the product's code gives as the code of an error: `code=…`, an argument of that name, a
    class's `code`, an ErrorBody's first argument, the tables of statuses and of reasons."""
    yield from Reason
    yield from TooLarge
    yield from CODES.values()
    for package in PRODUCT:
        for path in (ROOT / package).rglob("*.py"):
            yield from _codes_in(ast.parse(path.read_text()))


def _codes_in(tree: ast.Module) -> Iterator[str]:
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    places = {
        function.name: [argument.arg for argument in function.args.args].index("code")
        for function in functions
        if "code" in [argument.arg for argument in function.args.args]
    }
    places["ErrorBody"] = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            place = places.get(node.func.id) if isinstance(node.func, ast.Name) else None
            if place is not None:
                given += node.args[place : place + 1]
            yield from (code for value in given for code in _texts_in(value))
        elif isinstance(node, ast.ClassDef):
            for line in node.body:
                if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code":
                    yield from _texts_in(line.value)


def _texts_in(value: ast.expr) -> Iterator[str]:
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_code_is_explained_and_has_an_example(document: Any) -> None:
    shown_somewhere = {
        code for _, operation in operations(document) for code in codes_of(operation)
    }

    assert shown_somewhere | {"unhealthy"} == set(all_codes()) - OF_BASE_CLASSES | {"An answer"}
    for name, code in all_codes().items():
        assert f"| {code.status} | `{name}` | {code.meaning} |" in document["info"]["description"]


def test_what_stands_in_backticks_like_a_code_is_one(document: Any) -> None:
    for name, operation in operations(document):
        answers = [answer["description"] for answer in operation["responses"].values()]
        told = set(
            re.findall(r"`([a-z]+(?:_[a-z]+)+)`", " ".join([operation["description"], *answers]))
        )
        assert told <= set(all_codes()), name
        assert told - {"unhealthy"} <= codes_of(operation), name


def test_everything_that_is_sent_or_answered_has_an_example(document: Any) -> None:
    for name, operation in operations(document):
        for what, content in contents(operation):
            assert content.get("examples"), (name, what)


def test_every_example_is_as_its_schema_says(document: Any) -> None:
    checked = 0
    for name, operation in operations(document):
        for what, content in contents(operation):
            schema = {
                **with_null(content["schema"]),
                "components": with_null(document["components"]),
            }
            for example in content["examples"].values():
                try:
                    jsonschema.validate(example["value"], schema)
                except jsonschema.ValidationError as error:
                    pytest.fail(f"{name} {what}: {error.message} at {error.json_path}")
                checked += 1
    assert checked > 300


def with_null(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` as JSON Schema says it."""
    if isinstance(schema, list):
        return [with_null(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: with_null(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [inner, {"type": "null"}]} if schema.get("nullable") is True else inner


def test_the_document_asks_for_a_bearer_token(document: Any) -> None:
    scheme = document["components"]["securitySchemes"]["bearer"]

    assert scheme == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def test_every_answer_of_the_api_is_in_the_envelope(document: Any) -> None:
    answers = [
        (name, status, content["schema"])
        for name, operation in operations(document)
        if f" {API}" in name
        for status, content in contents(operation)
        if status != "request"
    ]

    assert answers
    for name, status, schema in answers:
        if status.startswith("2"):
            assert list(schema["properties"]) == ["success", "data", "error", "metadata"], name
        else:
            assert schema == {"$ref": "#/components/schemas/ErrorEnvelope"}, (name, status)


def test_what_sending_answers_is_described(document: Any) -> None:
    text, batch = (document["paths"][f"{API}messages/{name}"]["post"] for name in SENDING)

    assert {"413", "415", "429"} <= batch["responses"].keys()
    assert {"409", "413", "415", "422", "429"} <= text["responses"].keys()
    others = {"user_mismatch", "tenant_mismatch", "database_unavailable", "rate_limited"}
    assert {*Reason, OutcomeUnknown.code, *others} <= codes_of(text)
    assert text["responses"]["429"]["headers"]["Retry-After"]["schema"]["type"] == "integer"


def test_reads_of_conversations_tell_of_their_tags(document: Any) -> None:
    reads = [
        operation
        for name, operation in operations(document)
        if name.startswith(f"GET {API}conversations")
    ]

    assert len(reads) == 6
    for operation in reads:
        assert "If-None-Match" in {each["name"] for each in operation["parameters"]}
        assert "content" not in operation["responses"]["304"]
        for status in ("200", "304"):
            assert "ETag" in operation["responses"][status]["headers"]


def test_files_need_a_link_and_no_token(document: Any) -> None:
    files = [each for name, each in operations(document) if f" {OPENED_BY_LINKS}" in name]

    assert len(files) == 2
    for operation in files:
        assert "security" not in operation
        assert operation["responses"]["200"]["content"] == {"*/*": {"schema": FILE}}
        assert "401" not in operation["responses"]
        assert {"link_invalid", "link_expired", "attachment_not_found"} <= codes_of(operation)


def test_what_the_token_says_may_be_said_again(document: Any) -> None:
    body = document["components"]["schemas"]["TextRequest"]["properties"]

    assert {"senderId", "userId", "editorUserId"} <= body.keys()
    for name, operation in operations(document):
        if f" {API}" in name and f" {OPENED_BY_LINKS}" not in name:
            named = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
            assert {"userId", "requestedBy", "tenantId"} <= named


def test_paths_stand_in_the_document_as_they_are_written(document: Any) -> None:
    assert all(re.fullmatch(r"/[a-z0-9{}_/-]+[^/]", path) for path in document["paths"])

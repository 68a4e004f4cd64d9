"""What scripts/make_client has written: up to date, whole, and the same for both clients."""

import inspect
from copy import deepcopy
from typing import Any

import pytest

from chat_project.settings.environment import BASE_DIR
from emis_chat_client import AsyncClient, Client, calls, errors
from emis_chat_client.call import Call
from scripts.client_code.operations import left_out
from scripts.client_code.schemas import snake
from scripts.make_client import modules, openapi_document, stale_modules
from tests.endpoints import Endpoint, all_endpoints, endpoint_of


@pytest.fixture(scope="module")
def document() -> Any:
    return openapi_document()


def own_calls() -> dict[str, Any]:
    """The functions of `calls` that build a call."""
    return {
        name: function
        for name, function in vars(calls).items()
        if inspect.isfunction(function) and function.__module__ == calls.__name__
    }


def built(function: Any) -> Call[Any]:
    """The call with any text for each parameter that it needs."""
    needed = [
        each
        for each in inspect.signature(function).parameters.values()
        if each.default is inspect.Parameter.empty
    ]
    ids = ["id" for each in needed if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    named = {each.name: "a" for each in needed if each.kind is inspect.Parameter.KEYWORD_ONLY}
    call: Call[Any] = function(*ids, **named)
    return call


def public(client: type) -> dict[str, Any]:
    return {name: getattr(client, name) for name in dir(client) if not name.startswith("_")}


def test_it_is_what_the_openapi_document_says() -> None:
    assert stale_modules() == {}, "run scripts/make_client"


def test_a_change_of_the_document_is_noticed(document: Any) -> None:
    changed = deepcopy(document)
    changed["components"]["schemas"]["Message"]["properties"]["mood"] = {"type": "string"}

    assert modules(changed) != modules(document)


def test_every_endpoint_that_speaks_json_has_a_call(document: Any) -> None:
    by_hand = {
        Endpoint(method.upper(), path.removeprefix("/api/v1"))
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if left_out(described)
    }

    reached = {endpoint_of(call.method, call.path) for call in map(built, own_calls().values())}

    assert reached == set(all_endpoints()) - by_hand


@pytest.mark.parametrize(
    ("changes", "is_left_out"),
    [
        ({}, False),
        ({"responses": {"200": {"description": "Left."}}}, False),
        ({"requestBody": {"content": {"multipart/form-data": {}}}}, True),
        ({"responses": {"200": {"content": {"image/png": {}}}}}, True),
        ({"responses": {"302": {}}}, True),
    ],
    ids=["JSON", "no data", "an upload", "a file", "a redirect"],
)
def test_files_are_left_to_a_method_by_hand(
    document: Any, changes: dict[str, Any], is_left_out: bool
) -> None:
    pin = document["paths"]["/api/v1/messages/{message_id}/pin"]["post"]

    assert left_out(pin | changes) is is_left_out


def test_every_call_is_a_method_of_both_clients() -> None:
    for name, function in own_calls().items():
        for client in (Client, AsyncClient):
            assert inspect.signature(getattr(client, name)) == inspect.signature(function), name


def test_the_twins_have_the_same_methods_with_the_same_parameters() -> None:
    sync, asynchronous = public(Client), public(AsyncClient)

    assert sync.keys() == asynchronous.keys()
    for name, method in sync.items():
        ours, theirs = inspect.signature(method), inspect.signature(asynchronous[name])
        assert ours.parameters == theirs.parameters, name


def test_every_list_has_an_iterator() -> None:
    pages = [
        name
        for name, function in own_calls().items()
        if {"items", "has_more"} & set(getattr(built(function).data_type, "__struct_fields__", ()))
    ]

    assert len(pages) == len([name for name in public(Client) if name.startswith("iter_")])


@pytest.mark.parametrize("code", errors.BY_CODE)
def test_every_code_with_a_class_is_one_of_the_service(code: str) -> None:
    sources = [
        path.read_text()
        for app in ("chat_project", "conversations", "messaging")
        for path in (BASE_DIR / app).rglob("*.py")
    ]

    assert any(f'"{code}"' in source for source in sources)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("upToSeq", "up_to_seq"), ("isPinned", "is_pinned"), ("url", "url"), ("userId", "user_id")],
)
def test_names_are_those_of_python(name: str, expected: str) -> None:
    assert snake(name) == expected

"""docs/asyncapi.yaml is whole: its references, its schemas and its examples.

It was checked with AsyncAPI's own JSON Schema (3.0.0); no package on PyPI carries that, so here its
parts are.
"""

from collections.abc import Iterator
from typing import Any

import jsonschema
import msgspec
import pytest

from tests.asyncapi.document import ALL_EVENTS, DOCUMENT, at, check


def test_every_reference_leads_somewhere_and_nothing_is_left_over() -> None:
    references = set(_references(DOCUMENT))
    for reference in references:
        assert isinstance(at(reference), dict), reference

    for kind in ("messages", "schemas", "messageTraits"):
        for name in DOCUMENT["components"][kind]:
            assert f"#/components/{kind}/{name}" in references


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if "$ref" in part:
            assert set(part) == {"$ref"}, part
            yield part["$ref"]
        for each in part.values():
            yield from _references(each)
    elif isinstance(part, list):
        for each in part:
            yield from _references(each)


def test_it_has_what_asyncapi_3_demands() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    for server in DOCUMENT["servers"].values():
        assert {"host", "protocol"} <= server.keys()
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert operation["channel"]["$ref"].startswith("#/channels/")
    for channel in DOCUMENT["channels"].values():
        for name, message in channel["messages"].items():
            assert message == {"$ref": f"#/components/messages/{name}"}


@pytest.mark.parametrize("name", sorted(DOCUMENT["components"]["schemas"]))
def test_every_schema_is_one(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(DOCUMENT["components"]["schemas"][name])


@pytest.mark.parametrize("name", sorted(set(DOCUMENT["components"]["messages"]) - {"DeadLetter"}))
def test_every_event_has_an_example_that_is_one(name: str) -> None:
    examples = DOCUMENT["components"]["messages"][name]["examples"]

    assert examples
    for example in examples:
        check(example["payload"], name)
        msgspec.convert(example["payload"], event_named(name))
        if "headers" in example:
            check(example["headers"], "EventHeaders")


def event_named(name: str) -> type[msgspec.Struct]:
    return {each.__name__: each for each in ALL_EVENTS}[name]

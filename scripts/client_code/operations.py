"""Operations of the document as functions that build calls, and as methods that run them."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from scripts.client_code.schemas import WIDTH, Field, Schema, Schemas, says_the_token

API = "/api/v1/"
JSON = "application/json"
KEY = "Idempotency-Key"


@dataclass(frozen=True)
class Operation:
    """One endpoint: its parameters in Python's order, and the type of the answer's data."""

    name: str
    method: str
    path: str
    told: str
    data: Schema | None
    data_type: str
    ids: list[str]
    query: list[Field]
    body: list[Field] = field(default_factory=list)
    takes_key: bool = False


def operations_of(document: Schema, schemas: Schemas) -> Iterator[Operation]:
    """Those of the API that send and answer JSON, in the order of the document."""
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            if path.startswith(API) and not left_out(described):
                yield _operation(path, method.upper(), described, schemas)


def left_out(described: Schema) -> bool:
    """Whether its body or its answer is no JSON: files need a method written by hand."""
    if "200" not in described["responses"]:
        return True
    sent = described.get("requestBody", {}).get("content", {JSON: {}})
    answered = described["responses"]["200"].get("content", {JSON: {}})
    return JSON not in sent or JSON not in answered


def call_source(operation: Operation) -> str:
    """The function of `calls`."""
    parts = [f'"{operation.method}"', _path_source(operation), _type_source(operation.data_type)]
    if operation.query:
        parts.append(f"query={_mapping_source(operation.query)}")
    if operation.body:
        parts.append(f"body={_mapping_source(operation.body)}")
    if operation.takes_key:
        parts.append("idempotency_key=idempotency_key")
    return (
        f"def {operation.name}({_parameters_source(operation)}) -> Call[{operation.data_type}]:\n"
        f"{_docstring(operation.told)}\n"
        f"    return Call({', '.join(parts)})\n"
    )


def method_sources(operation: Operation, schemas: Schemas, *, prefix: str = "") -> Iterator[str]:
    """The lines of a client's class: the method, and the iterator if the answer is a page."""
    call = f"calls.{operation.name}"
    yield f"{operation.name} = {prefix}method({call})"
    binding = _iterating(operation, schemas)
    if binding is not None:
        yield f"iter_{operation.name.removeprefix('get_')} = {prefix}{binding}({call})"


def _iterating(operation: Operation, schemas: Schemas) -> str | None:
    if operation.data is None or "$ref" not in operation.data:
        return None
    properties = schemas.resolved(operation.data).get("properties", {})
    if {"items", "hasNextPage"} <= properties.keys():
        return "each_item"
    return "each_message" if {"messages", "hasMore"} <= properties.keys() else None


def _is_null(data: Schema) -> bool:
    """OpenAPI 3.0 says it by an object that has no property and may be null."""
    return bool(data.get("nullable")) and data.get("maxProperties") == 0


def _operation(path: str, method: str, described: Schema, schemas: Schemas) -> Operation:
    data = _data_schema(described)
    body = described.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema")
    parameters = described["parameters"]
    return Operation(
        name=described["operationId"],
        method=method,
        path=path,
        told=f"{described['summary']}.\n\n{described['description']}",
        data=data,
        data_type="None" if data is None or _is_null(data) else schemas.type_of(data, sent=False),
        ids=_ids_in(path),
        query=_required_first(_query_fields(parameters, schemas)),
        body=_required_first(schemas.fields_of(body, sent=True)) if body else [],
        takes_key=any(each["name"] == KEY for each in parameters),
    )


def _data_schema(described: Schema) -> Schema | None:
    content = described["responses"]["200"].get("content")
    data: Schema | None = content[JSON]["schema"]["properties"]["data"] if content else None
    return data


def _query_fields(parameters: list[Any], schemas: Schemas) -> list[Field]:
    return [
        Field(
            name=each["name"],
            type=schemas.type_of(each["schema"], sent=True),
            required=each.get("required", False),
            description=each.get("description", ""),
        )
        for each in parameters
        if each["in"] == "query" and not says_the_token(each)
    ]


def _required_first(fields: list[Field]) -> list[Field]:
    return sorted(fields, key=lambda each: not each.required)


def _ids_in(path: str) -> list[str]:
    return [part.strip("{}") for part in path.split("/") if part.startswith("{")]


def _parameters_source(operation: Operation) -> str:
    named = _required_first([*operation.body, *operation.query])
    keyword_only = [f"{each.parameter}{each.declaration}" for each in named]
    if operation.takes_key:
        keyword_only.append("idempotency_key: str | None = None")
    stars = ["*"] if keyword_only else []
    return ", ".join([*(f"{name}: str" for name in operation.ids), *stars, *keyword_only])


def _path_source(operation: Operation) -> str:
    if not operation.ids:
        return f'"{operation.path}"'
    ids = ", ".join(f"{name}={name}" for name in operation.ids)
    return f'filled("{operation.path}", {ids})'


def _type_source(data_type: str) -> str:
    return "NoneType" if data_type == "None" else data_type


def _mapping_source(fields: list[Field]) -> str:
    """What must be there is, null too; of the rest what is not None."""
    always = [f'"{each.name}": {each.parameter}' for each in fields if each.required]
    optional = [f"{each.name}={each.parameter}" for each in fields if not each.required]
    if optional and not always:
        return f"given({', '.join(optional)})"
    return "{" + ", ".join([*always, *([f"**given({', '.join(optional)})"] * bool(optional))]) + "}"


def _docstring(told: str) -> str:
    paragraphs = [" ".join(each.split()) for each in told.split("\n\n") if each.strip()]
    wrapped = "\n\n".join(textwrap.fill(each, WIDTH) for each in paragraphs)
    return textwrap.indent(f'"""{wrapped}\n"""', "    ", lambda line: bool(line.strip()))


__all__ = ["Operation", "call_source", "left_out", "method_sources", "operations_of"]

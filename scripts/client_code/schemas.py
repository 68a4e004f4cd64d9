"""Schemas of the document as Python types and msgspec structs."""

import builtins
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_ENUM = "Enum"
_REQUEST = "Request"
_STATED = "may be left out; must be the token's"
"""How the document describes what a client of ours never sends."""

_ABSENT = "absent where"
"""How the document describes what an answer may lack; of everything else it has every field."""

WIDTH = 92


@dataclass(frozen=True)
class Field:
    """A property or a parameter: its name in JSON and in Python, and the type of its value."""

    name: str
    type: str
    required: bool
    description: str

    @property
    def parameter(self) -> str:
        """The name with an underscore behind it, where Python has a function of that name."""
        name = snake(self.name)
        return f"{name}_" if hasattr(builtins, name) else name

    @property
    def declaration(self) -> str:
        """Type and default: what may be left out is None."""
        if self.required:
            return f": {self.type}"
        optional = self.type if self.type.endswith("| None") else f"{self.type} | None"
        return f": {optional} = None"


class Schemas:
    """The components of a document, and which of them are used so far, in that order."""

    def __init__(self, document: Schema) -> None:
        self._components: Schema = document["components"]["schemas"]
        self.used: dict[str, None] = {}

    def type_of(self, schema: Schema, *, sent: bool, module: str = "models.") -> str:
        """The annotation. `sent`: in a request, where a name of an enumeration must be right; in
        an answer it is any text, so that a new one does not break old clients."""
        base = self._base_type(schema, sent=sent, module=module)
        return f"{base} | None" if schema.get("nullable") else base

    def fields_of(self, schema: Schema, *, sent: bool, module: str = "models.") -> list[Field]:
        """Its properties, but for those that say again what the token says."""
        resolved = self.resolved(schema)
        required = resolved.get("required", ())
        return [
            Field(
                name=name,
                type=self.type_of(each, sent=sent, module=module),
                required=name in required,
                description=_without_values(each.get("description", "")),
            )
            for name, each in resolved["properties"].items()
            if not says_the_token(each)
        ]

    def resolved(self, schema: Schema) -> Schema:
        component: Schema = self._components[name_of(schema)] if "$ref" in schema else schema
        return component

    def models(self) -> Iterator[str]:
        """The source of every component that is used, each after those that it needs."""
        sources: dict[str, str] = {}
        for name in list(self.used):
            self._add_model(name, sources)
        yield from sources.values()

    def _add_model(self, name: str, sources: dict[str, str]) -> None:
        if name in sources:
            return
        before = set(self.used)
        self.used.clear()
        source = self._model(name)
        needed = list(self.used)
        self.used.update(dict.fromkeys(before))
        for other in needed:
            self._add_model(other, sources)
        sources[name] = source

    def _base_type(self, schema: Schema, *, sent: bool, module: str) -> str:
        if "$ref" in schema:
            return self._named(name_of(schema), sent=sent, module=module)
        if choices := schema.get("oneOf") or schema.get("allOf"):
            return self._base_type(choices[0], sent=sent, module=module)
        if "enum" in schema:
            return self._named(self._enumeration(schema["enum"]), sent=sent, module=module)
        if schema.get("type") == "array":
            item = self.type_of(schema["items"], sent=sent, module=module)
            return f"Sequence[{item}]" if sent else f"list[{item}]"
        if schema.get("format") == "date-time":
            return "datetime"
        return _PLAIN.get(schema.get("type", ""), "dict[str, Any]")

    def _named(self, name: str, *, sent: bool, module: str) -> str:
        if name.endswith(_ENUM) and not sent:
            return "str"
        self.used.setdefault(name)
        return f"{module}{name.removesuffix(_ENUM)}"

    def _enumeration(self, values: list[str]) -> str:
        """The component of these values: parameters write them out, in another order."""
        for name, each in self._components.items():
            if set(each.get("enum", ())) == set(values):
                return name
        raise LookupError(f"no component has the values {values}")

    def _model(self, name: str) -> str:
        schema = self._components[name]
        if name.endswith(_ENUM):
            values = ", ".join(f'"{value}"' for value in schema["enum"])
            return f"{name.removesuffix(_ENUM)} = Literal[{values}]"
        sent = name.endswith(_REQUEST)
        options = "frozen=True, kw_only=True, rename='camel'" + ", omit_defaults=True" * sent
        body = [f'"""{schema.get("description", _told(name))}"""', ""]
        for field in self.fields_of(schema, sent=sent, module=""):
            may_lack = sent or _ABSENT in field.description
            declaration = field.declaration if may_lack else f": {field.type}"
            body.append(f"{snake(field.name)}{declaration}")
            if field.description:
                body.append(f'"""{field.description}"""')
        lines = textwrap.indent("\n".join(body), "    ")
        return f"class {name}(msgspec.Struct, {options}):\n{lines}"


def says_the_token(schema: Schema) -> bool:
    """Whether it may be left out because the token says it: a client of ours always does so."""
    return str(schema.get("description", "")).startswith(_STATED)


def _without_values(description: str) -> str:
    """drf-spectacular lists the values of an enumeration below what is told of it."""
    return description.partition("* `")[0].strip()


def name_of(reference: Schema) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _told(name: str) -> str:
    words = snake(name.removesuffix(_REQUEST)).replace("_", " ").capitalize()
    return f"{words}, as it is sent." if name.endswith(_REQUEST) else f"{words}."

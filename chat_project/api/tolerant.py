"""The slow path of a body: property names match without case, unknown ones are dropped.

Clients written for .NET may send any case; its serializer matches them like this.
"""

from functools import lru_cache
from typing import Any, get_args

import msgspec


def match_names(plain: Any, struct_type: type[msgspec.Struct]) -> Any:
    """The same JSON under the names that `struct_type` decodes; of two spellings the last wins."""
    if not isinstance(plain, dict):
        return plain
    fields = _fields_by_lower_name(struct_type)
    matched = {}
    for name, value in plain.items():
        field = fields.get(name.lower())
        if field is not None:
            encode_name, nested = field
            matched[encode_name] = _match_nested(value, nested)
    return matched


def _match_nested(value: Any, nested: type[msgspec.Struct] | None) -> Any:
    if nested is None:
        return value
    if isinstance(value, list):
        return [match_names(item, nested) for item in value]
    return match_names(value, nested)


@lru_cache(maxsize=100)
def _fields_by_lower_name(
    struct_type: type[msgspec.Struct],
) -> dict[str, tuple[str, type[msgspec.Struct] | None]]:
    return {
        field.encode_name.lower(): (field.encode_name, _struct_within(field.type))
        for field in msgspec.structs.fields(struct_type)
    }


def _struct_within(annotation: Any) -> type[msgspec.Struct] | None:
    """The struct of a field that holds one, or a list of them, or null."""
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return annotation
    found = (_struct_within(argument) for argument in get_args(annotation))
    return next((struct for struct in found if struct is not None), None)

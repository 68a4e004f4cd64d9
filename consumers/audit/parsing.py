"""Stored values of any type, read without believing in their types."""

from collections.abc import Mapping
from typing import Any

from bson import json_util

from chat_project.mongodb import Document
from consumers.audit.errors import Unreadable
from consumers.records import Place

BSON = "bson:"
"""Before an id in the ledger that is no string, as extended JSON."""


def whole_number(value: object) -> int | None:
    """A BSON integer of any width as a plain one; None for everything else."""
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else None


def meant_number(value: object) -> int | None:
    """The whole number that a double or a text stands for, too."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return whole_number(value)


def mapping(value: object) -> Mapping[str, Any]:
    """A document within a document; empty for everything else."""
    return value if isinstance(value, Mapping) else {}


def text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def reference(id_: object) -> str:
    """An id as text: a string is itself, anything else its extended JSON."""
    if isinstance(id_, str) and not id_.startswith(BSON):
        return id_
    return BSON + json_util.dumps(id_, json_options=json_util.CANONICAL_JSON_OPTIONS)


def referred(told: str | None) -> Any:
    """The id that `reference` made this text of."""
    if told is None or not told.startswith(BSON):
        return told
    return json_util.loads(told[len(BSON) :], json_options=json_util.CANONICAL_JSON_OPTIONS)


def place_of(t: object, p: object, o: object) -> Place | None:
    """None unless all three are whole numbers that a place can hold."""
    numbers = [whole_number(t), whole_number(p), whole_number(o)]
    limits = (2**32, 2**32, 2**63)
    if all(n is not None and 0 <= n < limit for n, limit in zip(numbers, limits, strict=True)):
        return Place(*(n for n in numbers if n is not None))
    return None


def source_of(document: Document) -> Place | None:
    """`src` of a message."""
    return place_in(document.get("src"))


def place_in(value: object) -> Place | None:
    fields = mapping(value)
    return place_of(fields.get("t"), fields.get("p"), fields.get("o"))


def marks_of(head: Document) -> tuple[list[Place], bool]:
    """The marks of a conversation that can be read, and whether those are all."""
    log = head.get("log")
    marks, whole = [], log is None or isinstance(log, Mapping)
    for name, mark in mapping(log).items():
        partition = name[1:]
        is_named = name[:1] == "p" and partition.isascii() and partition.isdigit()
        fields = mapping(mark)
        place = place_of(fields.get("t"), int(partition) if is_named else None, fields.get("o"))
        if place is None:
            whole = False
        else:
            marks.append(place)
    return marks, whole


def letter_place(id_: object) -> Place:
    """Of a dead letter's `_id`. Raises Unreadable."""
    parts = id_.split(":") if isinstance(id_, str) else []
    if len(parts) == 3 and (place := place_of(*map(meant_number, parts))) is not None:
        return place
    raise Unreadable("its _id is no place")

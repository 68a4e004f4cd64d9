"""A dead letter for the eyes of an operator, and for machines."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from chat_project.timestamps import format_timestamp
from consumers.letters.selection import Letter, Selection, count, is_stored, newest
from consumers.records import Record

HEX_BYTES_PER_LINE = 16


class Listing(msgspec.Struct, frozen=True):
    """The newest letters of a selection, and how many it has in all."""

    total: int
    letters: list[Letter]


class Shown(msgspec.Struct, frozen=True, rename="camel"):
    """All there is to know; `record` is None when the dead-letter topic has it no more."""

    letter: Letter
    state: str
    is_stored: bool
    record: dict[str, Any] | None


def listing(selection: Selection, limit: int) -> Listing:
    return Listing(count(selection), newest(selection, limit))


def shown(letter: Letter, record: Record | None) -> Shown:
    told = described(record) if record is not None else None
    return Shown(letter, letter.state.value, is_stored(letter.message_id), told)


def list_lines(found: Listing) -> Iterator[str]:
    yield f"{'id':20} {'at':24} {'state':9} {'reason':20} {'conversation':36} message"
    for each in found.letters:
        yield (
            f"{each.id:20} {format_timestamp(each.at)} {each.state.value:9} {each.reason:20}"
            f" {each.conversation_id or '-':36} {each.message_id or '-'}"
        )
    yield f"{len(found.letters)} of {found.total}, newest first"


def show_lines(one: Shown) -> Iterator[str]:
    fields = msgspec.to_builtins(one.letter)
    yield from (f"{name}: {_told(value)}" for name, value in fields.items() if value is not None)
    yield f"state: {one.state}"
    yield f"a message of this id is stored: {'yes' if one.is_stored else 'no'}"
    if one.record is None:
        yield "record: not in the dead-letter topic (discarded and removed, or never written)"
        return
    yield f"record: {one.record['topic']} [{one.record['partition']}] offset {one.record['offset']}"
    yield from (f"header {name}: {text}" for name, text in one.record["headers"])
    yield f"key: {one.record['key']}"
    yield "value:"
    if "valueJson" in one.record:
        yield json.dumps(one.record["valueJson"], indent=2, ensure_ascii=False)
    else:
        yield str(one.record["valueText"])
        yield from hex_lines(bytes.fromhex(one.record["valueHex"] or ""))


def _told(value: object) -> str:
    return json.dumps(value) if isinstance(value, dict) else str(value)


def described(record: Record) -> dict[str, Any]:
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "headers": [[name, _readable(value)] for name, value in record.headers],
        "key": _readable(record.key),
        **_value(record.value),
    }


def _value(value: bytes | None) -> dict[str, Any]:
    """`valueJson` if it is JSON that can be written again, else text and hexadecimal bytes."""
    if value is None:
        return {"valueText": None, "valueHex": None}
    try:
        parsed = json.loads(value)
        # Half a surrogate pair, NaN, 1e999 and 10 ** 30 are values to Python only.
        msgspec.json.encode(parsed)
        json.dumps(parsed, allow_nan=False)
    except (ValueError, OverflowError, RecursionError):
        return {"valueText": value.decode("utf-8", "replace"), "valueHex": value.hex()}
    return {"valueJson": parsed}


def _readable(value: bytes | None) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        return f"0x{value.hex()}"


def hex_lines(value: bytes) -> Iterator[str]:
    for start in range(0, len(value), HEX_BYTES_PER_LINE):
        row = value[start : start + HEX_BYTES_PER_LINE]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        yield f"{start:08x}  {row.hex(' '):47}  {text}"

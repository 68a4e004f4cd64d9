"""`dead_letters list` and `show`: which letters are found, and how one reads."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers.letters import display
from consumers.letters.selection import Letter, Selection, State
from consumers.records import Record
from tests.consumers.events import event
from tests.consumers.letters.commanding import answer, command, drain, letters_of, the_letter
from tests.consumers.pipelines import Pipeline
from tests.consumers.poison import POISON


def test_list_filters_and_tells_the_total(pipeline: Pipeline) -> None:
    room = new_id()
    pipeline.send(room, 3)
    drain(pipeline)

    listed = answer(pipeline, "list", "--conversation", room, "--limit", "2")
    none = answer(pipeline, "list", "--conversation", room, "--until", "2020-01-01")
    closed = answer(pipeline, "list", "--conversation", room, "--state", "retried")

    assert (listed["total"], len(listed["letters"])) == (3, 2)
    assert (none["total"], closed["total"]) == (0, 0)


@pytest.mark.parametrize(
    "selection",
    [Selection(), Selection(state=State.RETRIED), Selection(state=None)],
    ids=["open", "retried", "all"],
)
def test_letters_of_a_state_are_read_in_order_from_an_index(
    database: None, selection: Selection
) -> None:
    plan = collection("dead_letters").find(selection.query()).sort("at", -1).explain()

    winning = json.dumps(plan["queryPlanner"]["winningPlan"], default=str)
    assert "state_time" in winning
    assert '"COLLSCAN"' not in winning
    assert '"SORT"' not in winning


def test_show_decodes_headers_and_value_for_eyes(pipeline: Pipeline) -> None:
    room = new_id()
    body = event(room, content="Xin chào")
    message_id = body["messageId"]
    pipeline.produce([body])
    drain(pipeline)

    done = command(pipeline, "show", the_letter(pipeline)["_id"])

    assert done.returncode == 0, done.stderr
    assert "error: no conversation has this conversationId" in done.stdout
    assert '"content": "Xin chào"' in done.stdout
    assert "header event-type: MessageSentEvent" in done.stdout
    assert f"key: {room}" in done.stdout
    assert f'  "messageId": "{message_id}",' in done.stdout
    assert "reason: unknown_conversation" in done.stdout


def test_a_letter_without_a_noted_place_is_found_by_its_headers(pipeline: Pipeline) -> None:
    pipeline.produce([b"first", b"second \xff", b"third"], partition=4)
    drain(pipeline)
    second = letters_of(pipeline)[1]
    collection("dead_letters").update_one({"_id": second["_id"]}, {"$unset": {"kept": 1}})

    shown = answer(pipeline, "show", second["_id"])

    assert shown["record"]["valueText"] == "second \ufffd"
    assert shown["record"]["valueHex"] == b"second \xff".hex()
    assert (shown["state"], shown["isStored"]) == ("open", False)


UNREADABLE: dict[str, Any] = {
    **{name: make("room") for name, (make, options, _) in POISON.items() if not options},
    "an escaped surrogate": b'{"content":"\\ud800"}',
    "numbers that JSON has not": b'{"x":NaN,"y":1e999}',
    "forty digits": b'{"x":' + b"9" * 40 + b"}",
    "900 deep": b"[" * 900 + b"]" * 900,
    "bytes": b"\x00\xff",
}


@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_every_letter_can_be_shown(value: Any) -> None:
    bytes_ = json.dumps(value).encode() if isinstance(value, dict) else value
    found = Record("topic", 3, 7, b"\xff", bytes_, (("event-type", b"\xfe"),), 0)
    letter = Letter(
        id="1:3:7", reason="malformed", at=datetime.now(UTC), topic="topic", partition=3, offset=7
    )

    shown = display.Shown(letter, "open", is_stored=False, record=display.described(found))

    told = json.loads(msgspec.json.encode(shown))["record"]
    if "valueJson" in told:
        assert told["valueJson"] == json.loads(bytes_)
    else:
        assert told["valueHex"] == (None if bytes_ is None else bytes_.hex())
    assert "\n".join(display.show_lines(shown)).encode()

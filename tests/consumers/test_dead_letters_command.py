"""`manage.py dead_letters` as operators run it, on real Kafka."""

import json
import os
import pty
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import msgspec
import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers.accepting import Pause
from consumers.letters import display, retrying
from consumers.letters.desk import Desk
from consumers.letters.selection import Letter, Selection, State, in_log_order
from consumers.records import Record
from consumers.topics import Generation, Growth
from tests.conftest import Api
from tests.consumers.conftest import stored
from tests.consumers.events import event, record
from tests.consumers.pipelines import Pipeline
from tests.consumers.test_poison import POISON
from tests.processes import ROOT, manage

MakeConversation = Callable[..., str]


@pytest.fixture
def pipeline() -> Pipeline:
    return Pipeline()


def drain(pipeline: Pipeline) -> None:
    with pipeline.consumer("--drain") as consumer:
        assert consumer.wait() == 0, consumer.output()


def command(pipeline: Pipeline | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Of the session's own topics where no pipeline is given."""
    return subprocess.run(
        manage("dead_letters", *arguments),
        cwd=ROOT,
        env={**os.environ, **(pipeline.variables if pipeline else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def on_a_terminal(pipeline: Pipeline, *arguments: str) -> str:
    """What the command writes to standard error when that is a terminal."""
    reading, writing = pty.openpty()
    environment = {**os.environ, **pipeline.variables}
    process = subprocess.Popen(
        manage("dead_letters", *arguments),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=writing,
    )
    assert process.wait(60) == 0
    os.close(writing)
    with open(reading, "rb", buffering=0) as terminal:
        return terminal.read(65_536).decode()


def answer(pipeline: Pipeline, *arguments: str) -> Any:
    done = command(pipeline, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def letters_of(pipeline: Pipeline) -> list[dict[str, Any]]:
    topic = pipeline.environment.message_topic
    return list(collection("dead_letters").find({"topic": topic}).sort("at", 1))


def the_letter(pipeline: Pipeline) -> dict[str, Any]:
    [letter] = letters_of(pipeline)
    return letter


def test_a_message_of_an_unknown_conversation_is_sent_once_retried(
    pipeline: Pipeline, conversation: MakeConversation, api: Callable[..., Api]
) -> None:
    sender = api()
    room = new_id()
    body = event(room, tenant_id=sender.tenant_id, senderId=sender.user_id)
    pipeline.produce([body])
    drain(pipeline)
    path = f"/api/v1/messages/{body['messageId']}"
    assert sender.get(path).json()["data"]["failureReason"] == "unknown_conversation"
    letter = the_letter(pipeline)
    names = {sender.user_id: "An"}
    conversation(tenant_id=sender.tenant_id, conversation_id=room, names=names)

    [outcome] = answer(pipeline, "retry", letter["_id"], "--by", "operator-1")
    drain(pipeline)

    data = sender.get(path).json()["data"]
    assert (data["status"], data["seq"]) == ("Sent", 1)
    closed = the_letter(pipeline)
    assert (closed["closedHow"], closed["closedBy"]) == ("retried", "operator-1")
    assert closed["retriedAs"] == outcome["retriedAs"]
    again = command(pipeline, "retry", letter["_id"])
    assert (again.returncode, again.stdout) == (0, f"{letter['_id']} retried already\n")


def test_a_discarded_letter_is_not_retried_and_that_is_said(pipeline: Pipeline) -> None:
    pipeline.produce([b"no event"])
    drain(pipeline)
    letter = the_letter(pipeline)["_id"]
    answer(pipeline, "discard", letter, "--why", "a test", "--yes")

    done = command(pipeline, "retry", letter)

    assert (done.returncode, done.stdout) == (1, f"{letter} discarded\n")
    assert f"1 not retried, the first is {letter} (discarded)" in done.stderr


@pytest.mark.parametrize("action", ["list", "show", "retry", "discard"])
def test_each_action_tells_its_exit_codes(action: str) -> None:
    told = command(None, action, "--help").stdout

    assert all(code in told for code in ("Exit 0:", "1:", "2:"))


def test_discard_draws_a_bar_on_a_terminal_only(pipeline: Pipeline) -> None:
    pipeline.produce([b"no event"] * 2)
    drain(pipeline)
    first, second = (letter["_id"] for letter in letters_of(pipeline))

    drawn = on_a_terminal(pipeline, "discard", first, "--why", "a test", "--yes")
    plain = command(pipeline, "discard", second, "--why", "a test", "--yes")

    assert "1/1" in drawn
    assert plain.stderr == ""


def test_a_record_in_a_wrong_partition_is_retried_in_the_right_one(
    pipeline: Pipeline, conversation: MakeConversation
) -> None:
    room = conversation()
    right = crc32(room.encode()) % 10
    pipeline.produce([event(room, content="astray")], partition=(right + 1) % 10)
    drain(pipeline)
    assert the_letter(pipeline)["reason"] == "wrong_partition"

    [outcome] = answer(pipeline, "retry", "--conversation", room.upper())
    drain(pipeline)

    assert outcome["retriedAs"]["p"] == right
    assert [each["content"] for each in stored(room)] == ["astray"]


def test_a_record_under_a_wrong_key_is_retried_under_its_conversation() -> None:
    room = new_id()
    astray = record(event(room.upper()), offset=7, key="another", partition=3)

    again = retrying.retry_record("1:3:7", astray, Generation("t", 1, (Growth(10, {}),)))

    assert (again.key, again.partition) == (room.encode(), crc32(room.encode()) % 10)
    assert again.value == astray.value


def test_a_crash_between_producing_and_closing_stores_the_message_once(
    pipeline: Pipeline, conversation: MakeConversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = new_id()
    pipeline.send(room, 2)
    drain(pipeline)
    conversation(conversation_id=room)
    desk = Desk(pipeline.environment)
    open_letters = Selection(conversation_id=room)

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(retrying, "close_retried", crash)
        with pytest.raises(KeyboardInterrupt):
            list(desk.retry(in_log_order(open_letters), by="operator-1"))
    assert {each.state for each in in_log_order(open_letters)} == {State.OPEN}
    list(desk.retry(in_log_order(open_letters), by="operator-1"))
    desk.close()
    drain(pipeline)

    contents = [each["content"] for each in stored(room)]
    assert contents == ["message 0", "message 1"]
    assert in_log_order(open_letters) == []


def test_a_letter_whose_cause_remains_becomes_a_new_letter(pipeline: Pipeline) -> None:
    pipeline.produce([b"broken", None], partition=4)
    drain(pipeline)
    before = letters_of(pipeline)

    answer(pipeline, "retry", *(each["_id"] for each in before))
    drain(pipeline)

    after = letters_of(pipeline)
    states = [each.get("closedHow") for each in after]
    assert states == ["retried", "retried", None, None]
    desk = Desk(pipeline.environment)
    [one] = in_log_order(Selection(ids=(after[2]["_id"],)))
    shown = desk.show(one)
    desk.close()
    names = [name for name, _ in (shown.record or {})["headers"]]
    assert names.count("__connect.errors.offset") == names.count("emis.retry-of") == 1


def test_a_letter_without_a_noted_place_is_found_by_its_headers(pipeline: Pipeline) -> None:
    pipeline.produce([b"first", b"second \xff", b"third"], partition=4)
    drain(pipeline)
    second = letters_of(pipeline)[1]
    collection("dead_letters").update_one({"_id": second["_id"]}, {"$unset": {"kept": 1}})

    shown = answer(pipeline, "show", second["_id"])

    assert shown["record"]["valueText"] == "second \ufffd"
    assert shown["record"]["valueHex"] == b"second \xff".hex()
    assert (shown["state"], shown["isStored"]) == ("open", False)


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


def test_nothing_is_retried_while_the_topic_grows(pipeline: Pipeline) -> None:
    pipeline.produce([b"broken"])
    drain(pipeline)
    growth = Pause(pipeline.environment.message_topic)
    growth.begin(10, grows_to=20)

    done = command(pipeline, "retry", "--all")

    assert done.returncode == 1, done.stderr
    assert "grows to 20 partitions" in done.stderr
    assert "closedHow" not in the_letter(pipeline)
    growth.end(10)
    assert command(pipeline, "retry", the_letter(pipeline)["_id"]).returncode == 0


def test_list_filters_and_tells_the_total(pipeline: Pipeline) -> None:
    room = new_id()
    pipeline.send(room, 3)
    drain(pipeline)

    listed = answer(pipeline, "list", "--conversation", room, "--limit", "2")
    none = answer(pipeline, "list", "--conversation", room, "--until", "2020-01-01")
    closed = answer(pipeline, "list", "--conversation", room, "--state", "retried")

    assert (listed["total"], len(listed["letters"])) == (3, 2)
    assert (none["total"], closed["total"]) == (0, 0)


def test_discarded_letters_leave_the_topic_up_to_the_first_that_is_not(
    pipeline: Pipeline,
) -> None:
    bodies = [b"1", b"2", b"3", b"4"]
    pipeline.produce(bodies, partition=4)  # one key, so one partition of the dead-letter topic
    drain(pipeline)
    ids = [each["_id"] for each in letters_of(pipeline)]
    why = ("--why", "a test", "--yes", "--by", "operator-1")

    first = answer(pipeline, "discard", ids[0], ids[1], ids[3], *why)
    assert first == {"discarded": 3, "removed": 2}
    rest = answer(pipeline, "discard", ids[2], *why)

    assert rest == {"discarded": 1, "removed": 2}
    assert {each["closedHow"] for each in letters_of(pipeline)} == {"discarded"}
    entries = list(collection("audit_log").find({"target": {"$in": ids}}))
    assert sorted(entry["target"] for entry in entries) == sorted(ids)
    assert {(entry["by"], entry["details"]["why"]) for entry in entries} == {
        ("operator-1", "a test")
    }
    shown = command(pipeline, "show", ids[0])
    assert "not in the dead-letter topic" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("retry",), "say which"),
        (("discard", "--why", "x", "--yes"), "say which"),
        (("retry", "1:2:3", "--all"), "not both"),
        (("discard", "1:2:3", "--yes"), "--why"),
        (("list", "--since", "yesterday"), "ISO-8601"),
        (("list", "--reason", "boredom"), "invalid choice"),
        (("list", "--conversation", ""), "is blank"),
        (("retry", "--conversation", " "), "is blank"),
        (("discard", "--all", "--why", "", "--yes"), "is blank"),
        (("retry", "--all", "--by", ""), "is blank"),
        (("show", "abc"), "<generation>:<partition>:<offset>"),
        (("retry", "1:2:3", "1:2"), "<generation>:<partition>:<offset>"),
        (("retry", "--since", "2026-01-02", "--until", "2026-01-02"), "before --until"),
    ],
)
def test_wrong_arguments_are_refused_with_exit_2(
    database: None, arguments: tuple[str, ...], said: str
) -> None:
    done = command(None, *arguments)

    assert done.returncode == 2
    assert said in done.stderr


def test_discard_without_a_terminal_wants_yes(pipeline: Pipeline) -> None:
    pipeline.produce([b"broken"])
    drain(pipeline)

    done = command(pipeline, "discard", the_letter(pipeline)["_id"], "--why", "a test")

    assert (done.returncode, "--yes" in done.stderr) == (2, True)
    assert "closedHow" not in the_letter(pipeline)


def test_an_unknown_letter_is_told_with_exit_1(database: None) -> None:
    assert command(None, "show", "99:0:0").returncode == 1
    assert command(None, "discard", "99:0:0", "--why", "x", "--yes").returncode == 1


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

"""`dead_letters retry` and `discard` on real Kafka: what is sent again, and what leaves the topic."""

from collections.abc import Callable
from zlib import crc32

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers.accepting import Pause
from consumers.letters import retrying
from consumers.letters.desk import Desk
from consumers.letters.selection import Selection, State, in_log_order
from consumers.topics import Generation, Growth
from tests.conftest import Api
from tests.consumers.conftest import stored
from tests.consumers.events import event, record
from tests.consumers.letters.commanding import answer, command, drain, letters_of, the_letter
from tests.consumers.pipelines import Pipeline

MakeConversation = Callable[..., str]


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


def test_a_discarded_letter_is_not_retried_and_that_is_said(pipeline: Pipeline) -> None:
    pipeline.produce([b"no event"])
    drain(pipeline)
    letter = the_letter(pipeline)["_id"]
    answer(pipeline, "discard", letter, "--why", "a test", "--yes")

    done = command(pipeline, "retry", letter)

    assert (done.returncode, done.stdout) == (1, f"{letter} discarded\n")
    assert f"1 not retried, the first is {letter} (discarded)" in done.stderr

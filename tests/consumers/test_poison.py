"""Records that cannot be stored: told apart, kept, and never in the way of the good ones."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection, database
from consumers.dead_letters import headers_of, lenient_ids
from tests.consumers.conftest import Consumer, Log, head, stored
from tests.consumers.events import event, record
from tests.consumers.poison import POISON

MakeConversation = Callable[..., str]


@pytest.mark.parametrize(("make", "options", "reason"), POISON.values(), ids=POISON.keys())
def test_poison_becomes_a_dead_letter_and_its_neighbours_are_stored(
    log: Log,
    consumer: Consumer,
    conversation: MakeConversation,
    make: Callable[[str], Any],
    options: dict[str, Any],
    reason: str,
) -> None:
    room = conversation()
    log.send(room)
    poison = log.append(make(room), **options)
    log.send(room)

    consumer.apply(log.records)

    assert [d["seq"] for d in stored(room)] == [1, 2]
    assert head(room)["lastSeq"] == 2
    [letter] = consumer.dead_letters.letters
    assert (letter.record, letter.poison.reason.value) == (poison, reason)
    outcome = collection("dead_letters").find_one({"_id": letter.id}) or {}
    assert (outcome["reason"], outcome["offset"]) == (reason, 1)


def test_a_dead_letter_tells_its_ids_as_far_as_they_can_be_read(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation(tenant_id="tenant-9")
    poison = event(room.upper(), tenant_id="tenant-9", sentAt="never")
    log.append(poison)

    consumer.apply(log.records)

    [letter] = consumer.dead_letters.letters
    outcome = collection("dead_letters").find_one({"_id": letter.id}) or {}
    assert outcome["messageId"] == poison["messageId"]
    assert outcome["conversationId"] == room
    assert (outcome["tenantId"], outcome["senderId"]) == ("tenant-9", "user-1")


@pytest.mark.parametrize(
    "damage",
    [
        lambda value: value + b"x",
        lambda value: value[:-20],
        lambda value: value.replace(b"Xin", b"\xff\xfe"),
        lambda value: value[:-1] + b',"deep":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    ],
    ids=["something behind", "cut off", "not UTF-8", "too deep"],
)
def test_ids_of_broken_json_are_found_as_text(damage: Callable[[bytes], bytes]) -> None:
    sent = event("room-1", messageId="message-1")
    value = record(sent, offset=0).value or b""

    assert lenient_ids(damage(value)) == {
        "messageId": "message-1",
        "conversationId": "room-1",
        "tenantId": "tenant-1",
        "senderId": "user-1",
    }


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"[" * 100_000,
        b'{"messageId": 7}',
        b'{"messageId":"\\ud800"}',
        b'"text"',
        b"\xff",
    ],
)
def test_ids_of_unreadable_records_are_absent(value: bytes | None) -> None:
    assert lenient_ids(value) == {}


def test_a_dead_letter_keeps_key_value_and_headers_and_says_where_it_lay(
    log: Log, consumer: Consumer
) -> None:
    log.append(b"broken", key="k")
    consumer.apply(log.records)
    [letter] = consumer.dead_letters.letters

    headers = dict(headers_of(letter, "group-7"))

    assert headers["event-type"] == b"MessageSentEvent"
    assert headers["__connect.errors.topic"] == log.topic.encode()
    assert headers["__connect.errors.offset"] == b"0"
    assert headers["emis.dlq.group"] == b"group-7"
    assert len(headers["__connect.errors.exception.message"]) <= 1_024


@pytest.fixture
def picky_database() -> Iterator[str]:
    """MongoDB refuses messages with this content, as a validator of an operator's would."""
    word = f"forbidden-{new_id()}"
    database().command("collMod", "messages", validator={"content": {"$ne": word}})
    yield word
    database().command("collMod", "messages", validator={})


def test_what_the_database_refuses_leaves_no_gap(
    log: Log, consumer: Consumer, conversation: MakeConversation, picky_database: str
) -> None:
    room = conversation()
    log.send(room, content="before")
    refused = log.send(room, content=picky_database)
    log.send(room, content="after")

    consumer.apply(log.records)

    first, hole, last = stored(room)
    assert [first["content"], last["content"]] == ["before", "after"]
    assert (hole["type"], hole["isDeleted"], hole["sentAt"]) == ("System", True, first["sentAt"])
    assert [first["seq"], hole["seq"], last["seq"]] == [1, 2, 3]
    assert head(room)["lastSeq"] == 3
    assert head(room)["lastMessage"]["content"] == "after"
    [outcome] = collection("dead_letters").find({"messageId": refused})
    assert outcome["reason"] == "refused_by_database"


def test_a_refused_message_at_the_end_takes_no_number(
    log: Log, consumer: Consumer, conversation: MakeConversation, picky_database: str
) -> None:
    room = conversation()
    log.send(room)
    log.send(room, content=picky_database)

    consumer.apply(log.records)

    assert [d["seq"] for d in stored(room)] == [1]
    assert head(room)["lastSeq"] == 1


def test_a_run_of_dead_letters_stops_before_the_record_beyond_the_limit(
    log: Log, conversation: MakeConversation
) -> None:
    room = conversation()
    log.send(room)
    for _ in range(4):
        log.append(b"broken", partition=log.records[0].partition)
    log.send(room, content="behind the run")
    consumer = Consumer(log.topic, run_limit=3).assigned()

    handled = consumer.apply(log.records)

    assert [record.offset for record in handled.records] == [0, 1, 2, 3]
    assert handled.stop is not None
    assert "offset 4 would be one more" in handled.stop
    assert len(consumer.dead_letters.letters) == 3
    assert [d["seq"] for d in stored(room)] == [1]


def test_an_operator_lets_a_run_go_on_and_a_restart_does_not(
    log: Log, conversation: MakeConversation
) -> None:
    for _ in range(4):
        log.append(b"broken", partition=3)
    Consumer(log.topic, run_limit=3).assigned().apply(log.records)

    restarted = Consumer(log.topic, run_limit=3).assigned(committed=3).apply(log.records[3:])
    allowed = Consumer(log.topic, run_limit=4).assigned(committed=3).apply(log.records[3:])

    assert (list(restarted.records), restarted.stop is None) == ([], False)
    assert (list(allowed.records), allowed.stop) == (log.records[3:], None)


def test_event_types_of_others_are_left_alone(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation()
    log.append(b"whatever it is", event_type="PaymentReceivedEvent")
    log.send(room)

    handled = consumer.apply(log.records)

    assert list(handled.records) == log.records
    assert consumer.dead_letters.letters == []
    assert len(stored(room)) == 1

"""An audit beside consumers that work, and of a part of the log."""

from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers.audit import Kind, Scope, reconcile
from tests.audit.conftest import REPLY, Filled, Room, make_conversation
from tests.consumers.events import change
from tests.consumers.pipelines import Pipeline, count_stored
from tests.waiting import wait_until

AUDITS = 4


def test_an_audit_under_load_finds_nothing_wrong(database: None) -> None:
    pipeline, rooms, stopped = Pipeline(), [new_id() for _ in range(5)], Event()
    for room in rooms:
        make_conversation(room)

    def load() -> None:
        while not stopped.is_set():
            for room in rooms:
                pipeline.send(room, 3)

    with pipeline.consumer() as consumer:
        sender = Thread(target=load)
        sender.start()
        try:
            wait_until(lambda: count_stored(rooms) > 50, "fifty messages", seconds=60)
            reports = []
            scope = Scope(frozenset(rooms))
            for _ in range(AUDITS):
                report = reconcile(pipeline.environment, scope, second_look_seconds=0.3)
                reports.append(report)
                checked = report.checked["messages"]
                wait_until(
                    lambda checked=checked: count_stored(rooms) > checked, "more", seconds=60
                )
        finally:
            stopped.set()
            sender.join()
        assert consumer.stop() == 0

    assert [each.findings for each in reports] == [[]] * AUDITS
    counts = [each.checked["messages"] for each in reports]
    assert counts == sorted(set(counts))


def test_outside_the_window_messages_are_compared_with_themselves(filled: Filled) -> None:
    room = filled.take()
    later = datetime.now(UTC) + timedelta(hours=1)
    scope = Scope(frozenset([room.id]), until=later)
    assert reconcile(filled.pipeline.environment, scope, second_look_seconds=0).is_clean

    nothing = Scope(frozenset([room.id]), since=later)
    report = reconcile(filled.pipeline.environment, nothing, second_look_seconds=0)
    assert report.checked["records"] == 0
    assert report.checked["messages"] == 6
    assert report.is_clean, report.findings


@pytest.mark.parametrize("edited", [False, True])
def test_a_deletion_after_the_window_is_no_difference(room: Room, edited: bool) -> None:
    """The window ends behind the last record, by the broker's time, which is this machine's."""
    pipeline, message_id = room.filled.pipeline, room.message(1)["_id"]
    topic = pipeline.environment.message_topic
    if edited:
        edit = change(room.id, messageId=message_id, content="better")
        pipeline.produce([edit], event_type="MessageEditedEvent")
    latest = max(each.timestamp_ms for each in pipeline.records(topic))
    until = datetime.fromtimestamp((latest + 1) / 1_000, UTC)
    wait_until(lambda: datetime.now(UTC) >= until, "the window's end")
    pipeline.produce([change(room.id, messageId=message_id)], event_type="MessageDeletedEvent")
    room.filled.drain()
    assert room.message(1)["isDeleted"]

    scope = Scope(frozenset([room.id]), until=until)
    report = reconcile(pipeline.environment, scope, second_look_seconds=0)

    assert report.is_clean, report.findings
    assert room.found() == {}


def expire(room: Room) -> None:
    """Its messages are of an older life of the topic: no record is there to compare them with."""
    for message in room.messages():
        src = {**message["src"], "t": 0}
        collection("messages").update_one({"_id": message["_id"]}, {"$set": {"src": src}})


def test_what_hides_an_old_message_is_found_and_taken_away(filled: Filled, room: Room) -> None:
    expire(room)
    before = room.messages()
    room.change_message(3, isDeleted=True)
    room.change_message(4, editedAt=room.message(1)["sentAt"])

    assert room.audit().differences[Kind.WRONG_CONTENT] == 2
    room.audit(mend=True)

    assert room.messages() == before


def test_a_reply_to_another_conversation_keeps_its_digest(filled: Filled, room: Room) -> None:
    """It is stored without a quote, so `src.r` names what it answers."""
    expire(room)
    answered = room.message(REPLY)["replyTo"]["messageId"]
    room.change_message(REPLY, **{"src.r": answered})
    query = {"conversationId": room.id, "seq": REPLY}
    collection("messages").update_one(query, {"$unset": {"replyTo": 1}})

    assert Kind.WRONG_CONTENT not in room.found()


def test_expired_records_leave_what_mongodb_alone_can_show(filled: Filled, room: Room) -> None:
    expire(room)
    room.change_message(4, content="something else")

    differences = room.audit().differences

    assert differences[Kind.WRONG_CONTENT] == 1

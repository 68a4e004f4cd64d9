"""An audit of some conversations leaves every other one alone."""

from typing import Any

from chat_project.mongodb import collection
from consumers.audit import Kind, Report, Scope, reconcile
from tests.audit.conftest import Filled, Room
from tests.consumers.events import event


def everything_of(room: Room) -> list[Any]:
    participants = collection("participants").find({"conversationId": room.id}).sort("userId", 1)
    letters = collection("dead_letters").find({"conversationId": room.id}).sort("_id", 1)
    return [room.head(), room.messages(), list(participants), list(letters)]


def move_to(other: Room, room: Room) -> str:
    """The third message of `room` says that it belongs to the other one."""
    message_id: str = room.message(3)["_id"]
    change = {"$set": {"conversationId": other.id, "seq": 7}}
    collection("messages").update_one({"_id": message_id}, change)
    return message_id


def mend_both(room: Room, other: Room) -> Report:
    scope = Scope(frozenset([room.id, other.id]))
    return reconcile(room.filled.pipeline.environment, scope, second_look_seconds=0, mend=True)


def test_an_id_that_another_conversation_stores_is_no_difference(filled: Filled) -> None:
    owner, refused = filled.take(), filled.take()
    taken = owner.message(2)["_id"]
    filled.pipeline.produce([event(refused.id, messageId=taken, content="mine")])
    filled.drain()
    before = everything_of(owner)

    assert refused.found() == {}
    mended = refused.audit(mend=True)

    assert (mended.repaired, mended.differences) == (0, {})
    assert everything_of(owner) == before


def test_a_lost_letter_of_an_id_conflict_comes_back_and_the_owner_keeps_its_message(
    filled: Filled,
) -> None:
    owner, refused = filled.take(), filled.take()
    taken = owner.message(2)["_id"]
    filled.pipeline.produce([event(refused.id, messageId=taken, content="mine")])
    filled.drain()
    before = everything_of(owner)
    collection("dead_letters").delete_one({"messageId": taken})

    assert refused.found()[Kind.LOST] == 1
    assert refused.audit(mend=True).is_clean

    letter = collection("dead_letters").find_one({"messageId": taken}) or {}
    assert letter["reason"] == "id_conflict"
    assert everything_of(owner) == before


def test_a_message_that_lies_in_another_conversation_is_told_and_that_one_left_alone(
    filled: Filled,
) -> None:
    room, other = filled.take(), filled.take()
    moved = move_to(other, room)
    before = everything_of(other)

    report = room.audit(mend=True)

    assert report.differences == {Kind.WRONG_CONTENT: 1, Kind.GAP: 1, Kind.WRONG_UNREAD: 1}
    assert moved in [each.message_id for each in report.findings]
    assert everything_of(other) == before
    assert [each["seq"] for each in room.messages()] == [1, 2, 4, 5, 6]


def test_the_conversation_that_it_lies_in_does_not_throw_it_away(filled: Filled) -> None:
    room, other = filled.take(), filled.take()
    moved = move_to(other, room)
    before = everything_of(room)

    report = other.audit(mend=True)

    assert report.differences[Kind.FOREIGN] == 1
    assert everything_of(room) == before
    assert collection("messages").find_one({"_id": moved}) is not None
    assert mend_both(room, other).is_clean
    assert room.message(3)["_id"] == moved

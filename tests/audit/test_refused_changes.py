"""What a dead letter holds back changes nothing: neither a message nor a read position."""

from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers.audit import Kind
from consumers.replay.replaying import plan_replay, replay_live
from tests.audit.conftest import Filled, Room, make_conversation
from tests.consumers.events import change

EDITED, READ = "MessageEditedEvent", "MessagesReadEvent"
OF_ANOTHER = {"tenant_id": "tenant-2", "userId": "user-1"}
FIRST = 1
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "a deletion": ("MessageDeletedEvent", {}),
    "an edit": (EDITED, {"content": "not ours"}),
    "a reaction": ("MessageReactionAddedEvent", {"emojiCode": "x"}),
    "a pin": ("MessagePinnedEvent", {}),
}


def produce(room: Room, event_type: str, **fields: Any) -> None:
    body = change(room.id, **fields)
    room.filled.pipeline.produce([body], event_type=event_type)


def position(room: Room) -> Any:
    query = {"conversationId": room.id, "userId": "user-1"}
    return (collection("participants").find_one(query) or {})["readSeq"]


def reasons(room: Room) -> list[str]:
    found = collection("dead_letters").find(
        {"conversationId": room.id, "reason": {"$ne": "malformed"}}
    )
    return sorted(each["reason"] for each in found)


@pytest.mark.parametrize("kind", CHANGES)
def test_one_of_another_tenant_before_a_good_one_is_no_difference(room: Room, kind: str) -> None:
    event_type, fields = CHANGES[kind]
    message_id = room.message(FIRST)["_id"]
    produce(room, event_type, messageId=message_id, **OF_ANOTHER, **fields)
    produce(room, EDITED, messageId=message_id, content="better")
    room.filled.drain()
    before = room.message(FIRST)
    assert (reasons(room), before["content"]) == (["wrong_tenant"], "better")

    mended = room.audit(mend=True)

    assert (mended.repaired, mended.differences) == (0, {})
    assert room.message(FIRST) == before


def test_a_repair_of_the_message_applies_the_good_ones_alone(room: Room) -> None:
    message_id = room.message(FIRST)["_id"]
    produce(room, "MessageDeletedEvent", messageId=message_id, **OF_ANOTHER)
    produce(room, EDITED, messageId=message_id, content="better")
    room.filled.drain()
    before = room.message(FIRST)
    room.change_message(FIRST, content="damaged")
    assert room.found() == {Kind.WRONG_CONTENT: 1}

    assert room.audit(mend=True).is_clean
    assert room.message(FIRST) == before


def test_one_of_another_tenant_whose_letter_is_gone_becomes_a_letter_again(room: Room) -> None:
    before = room.message(FIRST)
    produce(room, "MessageDeletedEvent", messageId=before["_id"], **OF_ANOTHER)
    room.filled.drain()
    collection("dead_letters").delete_one({"conversationId": room.id, "reason": "wrong_tenant"})
    assert room.found() == {Kind.LOST: 1}

    assert room.audit(mend=True).is_clean
    assert room.message(FIRST) == before
    assert reasons(room) == ["wrong_tenant"]


def test_a_read_of_another_tenant_moves_nobody(room: Room) -> None:
    produce(room, READ, upToSeq=3, readAt="2025-11-07T10:05:00Z", **OF_ANOTHER)
    room.filled.drain()
    assert reasons(room) == ["wrong_tenant"]

    mended = room.audit(mend=True)

    assert (mended.repaired, mended.differences) == (0, {})
    assert position(room) == 0


def room_that_came_late(filled: Filled) -> Room:
    """A message of it, a change and a read are dead letters; then it is founded."""
    room = Room(filled, new_id())
    [message_id] = filled.pipeline.send(room.id)
    produce(room, "MessagePinnedEvent", messageId=message_id)
    produce(room, READ, userId="user-1", upToSeq=1, readAt="2025-11-07T10:05:00Z")
    filled.drain()
    make_conversation(room.id)
    return room


def test_what_was_delivered_again_is_done(filled: Filled) -> None:
    """It stays a letter: as `stored` only those of messages can be closed."""
    room = room_that_came_late(filled)
    environment = filled.pipeline.environment
    moves = plan_replay(environment, environment.kafka_group_id, 0)
    replay_live(environment, environment.kafka_group_id, moves, on_progress=lambda _: None)
    before = room.message(FIRST)
    assert (before["isPinned"], position(room)) == (True, 1)

    assert room.found() == {Kind.CLOSABLE_LETTER: 1}
    assert room.audit(mend=True).repaired == 1
    assert (room.message(FIRST), position(room)) == (before, 1)


def test_what_was_not_delivered_again_is_not_done(filled: Filled) -> None:
    room = room_that_came_late(filled)

    mended = room.audit(mend=True)

    assert (mended.repaired, mended.differences) == (0, {})
    assert position(room) == 0

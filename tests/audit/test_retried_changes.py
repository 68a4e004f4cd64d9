"""Letters of changes that were retried late: what is newer stays, and the auditor knows why."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

from chat_project.mongodb import collection
from consumers.letters.desk import Desk
from consumers.letters.selection import Selection, in_log_order
from tests.audit.conftest import Filled, Room
from tests.consumers.events import change

EDITED, REACTED, UNREACTED = (
    "MessageEditedEvent",
    "MessageReactionAddedEvent",
    "MessageReactionRemovedEvent",
)
PINNED = "MessagePinnedEvent"


def at(minute: int) -> str:
    return f"2025-11-07T11:{minute:02d}:00Z"


class Partitions:
    """Of a conversation: its own, and two that are not its own."""

    def __init__(self, room: Room) -> None:
        self.own = crc32(room.id.encode()) % 10
        others = [p for p in range(10) if p != self.own]
        self.low, self.high = others[0], others[-1]


def produce(filled: Filled, room: Room, partition: int, kind: str, **fields: Any) -> None:
    body = change(room.id, messageId=room.message(1)["_id"], **fields)
    filled.pipeline.produce([body], event_type=kind, partition=partition)


def retry_all(filled: Filled, room: Room) -> None:
    with closing(Desk(filled.pipeline.environment)) as desk:
        letters = in_log_order(Selection(reason="wrong_partition", conversation_id=room.id))
        list(desk.retry(letters, by="Mai"))
    filled.drain()


def test_what_was_done_meanwhile_stays_and_is_no_difference(filled: Filled, room: Room) -> None:
    where = Partitions(room)
    produce(filled, room, where.high, EDITED, content="first", at=at(1))
    produce(filled, room, where.high, REACTED, emojiCode="x", at=at(1))
    produce(filled, room, where.high, PINNED, at=at(1))
    produce(filled, room, where.own, EDITED, content="second", at=at(2))
    produce(filled, room, where.own, UNREACTED, emojiCode="x", at=at(2))
    filled.drain()

    retry_all(filled, room)

    message = room.message(1)
    assert (message["content"], "reactions" in message, message["isPinned"]) == (
        "second",
        False,
        True,
    )
    assert room.found() == {}


def test_a_repair_applies_what_counted_and_nothing_else(filled: Filled, room: Room) -> None:
    where = Partitions(room)
    produce(filled, room, where.high, EDITED, content="first", at=at(1))
    produce(filled, room, where.high, REACTED, emojiCode="x", at=at(1))
    produce(filled, room, where.own, EDITED, content="second", at=at(2))
    filled.drain()
    retry_all(filled, room)
    before = room.message(1)
    damage = {"$set": {"content": "damaged"}, "$unset": {"reactions": ""}}
    collection("messages").update_one({"_id": before["_id"]}, damage)

    room.audit(mend=True)

    assert room.message(1) == before
    assert room.found() == {}


def test_letters_are_retried_in_the_order_of_their_records(filled: Filled, room: Room) -> None:
    """Whichever partitions they lay in."""
    where = Partitions(room)
    produce(filled, room, where.high, EDITED, content="first", at=at(1))
    filled.drain()
    produce(filled, room, where.low, EDITED, content="second", at=at(2))
    filled.drain()
    selection = Selection(reason="wrong_partition", conversation_id=room.id)
    assert [each.partition for each in in_log_order(selection)] == [where.high, where.low]

    retry_all(filled, room)

    message = room.message(1)
    assert [each["content"] for each in message["history"]] == ["message 0", "first"]
    assert message["content"] == "second"


def test_letters_of_one_moment_are_ordered_by_generation_partition_and_offset() -> None:
    moment = datetime(2025, 11, 7, 11, tzinfo=UTC)
    conversation_id = "letters-of-one-moment"
    at_moments = {
        "10:0:0": moment,
        "9:2:10": moment,
        "9:2:9": moment,
        "9:3:1": moment - timedelta(seconds=1),
    }
    collection("dead_letters").insert_many(
        {
            "_id": id_,
            "reason": "malformed",
            "at": moment,
            "appendedAt": appended_at,
            "topic": "letters.of.one.moment",
            "partition": int(id_.split(":")[1]),
            "offset": int(id_.split(":")[2]),
            "conversationId": conversation_id,
        }
        for id_, appended_at in at_moments.items()
    )

    found = in_log_order(Selection(conversation_id=conversation_id))

    collection("dead_letters").delete_many({"conversationId": conversation_id})
    assert [each.id for each in found] == ["9:3:1", "9:2:9", "9:2:10", "10:0:0"]

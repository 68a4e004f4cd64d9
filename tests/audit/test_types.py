"""Documents whose fields have types that nothing writes: told, mended where that can be, no crash."""

from collections.abc import Callable
from typing import Any

import pytest
from bson import Int64, ObjectId

from chat_project.mongodb import collection
from chat_project.redis import client
from consumers.audit import Kind
from conversations.cache import Lookup, look_up
from tests.audit.conftest import Room


def in_message(**fields: Any) -> Callable[[Room], None]:
    return lambda room: room.change_message(3, **fields)


def in_head(**fields: Any) -> Callable[[Room], None]:
    return lambda room: room.change_head(**fields)


def in_participant(**fields: Any) -> Callable[[Room], None]:
    def change(room: Room) -> None:
        query = {"conversationId": room.id, "userId": "user-1"}
        collection("participants").update_one(query, {"$set": fields})

    return change


def in_mark(**fields: Any) -> Callable[[Room], None]:
    def change(room: Room) -> None:
        name, mark = next(iter(room.head()["log"].items()))
        kept = {key: value for key, value in {**mark, **fields}.items() if value is not None}
        room.change_head(**{f"log.{name}": kept})

    return change


def insert_with_an_object_id(room: Room) -> None:
    document = {**room.message(6), "_id": ObjectId(), "seq": 7}
    document.pop("src")
    collection("messages").insert_one(document)
    room.change_head(lastSeq=7)


def forget_the_number(room: Room) -> None:
    collection("messages").update_one({"_id": room.message(3)["_id"]}, {"$unset": {"seq": 1}})


def insert_without_a_number(room: Room) -> None:
    document = {**room.message(6), "_id": f"{room.id}-x"}
    document["src"] = {**document["src"], "o": 10_000_000}
    document.pop("seq")
    collection("messages").insert_one(document)


def forget_the_conversation(room: Room) -> None:
    query = {"_id": room.message(3)["_id"]}
    collection("messages").update_one(query, {"$unset": {"conversationId": 1}})


def insert_letters_without_a_place(room: Room) -> None:
    for id_ in (ObjectId(), f"abc {room.id}"):
        letter = {"_id": id_, "conversationId": room.id, "reason": "malformed"}
        collection("dead_letters").insert_one(letter)


def insert_a_participant_without_a_user(room: Room) -> None:
    collection("participants").insert_one({"conversationId": room.id, "role": "Member"})


def cache_a_member_that_is_no_text(room: Room) -> None:
    client().hset(f"conversation:{room.id}:members", b"\xff\xfe", b"broken")


DAMAGES: dict[str, tuple[Callable[[Room], None], Kind]] = {
    "an ObjectId as id": (insert_with_an_object_id, Kind.FOREIGN),
    "no number": (forget_the_number, Kind.WRONG_NUMBER),
    "a stranger without number": (insert_without_a_number, Kind.FOREIGN),
    "a number as text": (in_message(seq="3"), Kind.WRONG_NUMBER),
    "a number as double": (in_message(seq=3.0), Kind.WRONG_NUMBER),
    "a negative number": (in_message(seq=-3), Kind.WRONG_NUMBER),
    "no conversation": (forget_the_conversation, Kind.WRONG_CONTENT),
    "src as text": (in_message(src="x"), Kind.WRONG_CONTENT),
    "a quote as text": (in_message(replyTo="x"), Kind.WRONG_CONTENT),
    "mentions as number": (in_message(mentions=5), Kind.WRONG_CONTENT),
    "content as number": (in_message(content=5), Kind.WRONG_CONTENT),
    "a mark below 0": (in_mark(o=-1), Kind.WRONG_MARK),
    "a mark as double": (in_mark(o=0.0), Kind.WRONG_MARK),
    "a mark without offset": (in_mark(o=None), Kind.WRONG_MARK),
    "a log with another field": (in_head(**{"log.x": 1}), Kind.WRONG_MARK),
    "a log as text": (in_head(log="x"), Kind.WRONG_MARK),
    "lastMessage as text": (in_head(lastMessage="x"), Kind.WRONG_LAST_MESSAGE),
    "lastSeq below 0": (in_head(lastSeq=-5), Kind.WRONG_NUMBER),
    "lastSeq as text": (in_head(lastSeq="6"), Kind.WRONG_NUMBER),
    "lastSeq as double": (in_head(lastSeq=6.0), Kind.WRONG_NUMBER),
    "readSeq as text": (in_participant(readSeq="4"), Kind.WRONG_UNREAD),
    "joinedSeq as text": (in_participant(joinedSeq="0"), Kind.WRONG_UNREAD),
    "letters without a place": (insert_letters_without_a_place, Kind.UNREADABLE),
    "a participant without user": (insert_a_participant_without_a_user, Kind.UNREADABLE),
    "a cached member that is no text": (cache_a_member_that_is_no_text, Kind.WRONG_CACHE),
}


@pytest.mark.parametrize(("damage", "kind"), DAMAGES.values(), ids=DAMAGES.keys())
def test_a_wrong_type_is_found_and_mended(
    room: Room, damage: Callable[[Room], None], kind: Kind
) -> None:
    before = room.messages()
    damage(room)

    assert kind in room.found()

    mended = room.audit(mend=True)
    assert mended.is_clean, mended.findings
    assert mended.repaired
    stored = [each for each in room.messages() if not each.get("isDeleted")]
    assert stored == before
    assert [type(each["seq"]) for each in stored] == [int] * len(before)


def test_wide_integers_are_no_difference(room: Room) -> None:
    """As mongosh writes them, and as every offset above 2^31 is."""
    look_up([Lookup(room.id, "user-0")])
    src = room.message(2)["src"]
    room.change_message(2, seq=Int64(2), src={**src, "o": Int64(src["o"]), "t": Int64(src["t"])})
    name, mark = next(iter(room.head()["log"].items()))
    room.change_head(
        lastSeq=Int64(6),
        version=Int64(1),
        **{f"log.{name}.o": Int64(mark["o"]), "lastMessage.seq": Int64(6)},
    )
    in_participant(joinedSeq=Int64(0), readSeq=Int64(0))(room)

    report = room.audit()

    assert report.is_clean, report.findings

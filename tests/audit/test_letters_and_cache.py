"""Dead letters and cached values against the log and MongoDB."""

import json
from typing import Any

from chat_project.mongodb import collection
from chat_project.redis import RedisAway, client
from consumers.audit import Kind
from consumers.audit.cache_check import head_as_cached
from conversations.cache import Head, Lookup, look_up, refresh_heads
from tests.audit.conftest import Room
from tests.waiting import wait_until


def mend(room: Room) -> None:
    mended = room.audit(mend=True)

    assert mended.repaired
    assert mended.is_clean, mended.findings
    assert room.audit().is_clean


def letter_of(room: Room) -> dict[str, Any]:
    letter = collection("dead_letters").find_one({"conversationId": room.id})
    assert letter is not None
    return letter


def test_a_deleted_outcome_is_lost_and_comes_back(room: Room) -> None:
    before = letter_of(room)
    collection("dead_letters").delete_one({"_id": before["_id"]})

    assert room.found() == {Kind.LOST: 1}

    mend(room)
    after = letter_of(room)
    assert after["reason"] == before["reason"]
    assert after["_id"] == before["_id"]


def test_an_open_letter_of_a_stored_message_is_closed(room: Room) -> None:
    message = room.message(2)
    src = message["src"]
    letter = {
        **letter_of(room),
        "_id": f"{src['t']}:{src['p']}:{src['o']}",
        "messageId": message["_id"],
        "reason": "id_conflict",
        "closedAt": None,
    }
    collection("dead_letters").insert_one(letter)

    assert room.found()[Kind.DOUBLED] == 1

    mended = room.audit(mend=True)
    closed = collection("dead_letters").find_one({"_id": letter["_id"]}) or {}
    assert closed["closedHow"] == "stored"
    assert mended.differences.get(Kind.DOUBLED) is None


def change_cached(key: str, **fields: Any) -> None:
    value = json.loads(client().get(key) or b"")
    client().set(key, json.dumps({**value, **fields}))


def cache_head(room: Room) -> None:
    """The consumer did, unless Redis needed more than 0.15 s just then."""
    found = head_as_cached(room.head())
    assert found is not None
    cached = Head(room.id, found.last_seq, found.last_message, found.mark)
    wait_until(lambda: _is_written(cached), "the head is in the cache")


def _is_written(head: Head) -> bool:
    try:
        refresh_heads([head])
    except RedisAway:
        return False
    return True


def test_a_cached_head_with_other_values_is_found_and_mended(room: Room) -> None:
    cache_head(room)
    change_cached(f"conversation:{room.id}:head", lastSeq=5)

    assert room.found() == {Kind.WRONG_CACHE: 1}

    mend(room)


def test_a_cached_head_that_stays_behind_is_found_and_mended(room: Room) -> None:
    mark = room.message(1)["src"]
    earlier = {"t": mark["t"], "p": mark["p"], "o": mark["o"]}
    cache_head(room)
    change_cached(f"conversation:{room.id}:head", lastSeq=1, mark=earlier)

    assert room.found() == {Kind.WRONG_CACHE: 1}

    mend(room)


def test_cached_settings_and_members_that_mongodb_does_not_know_are_found_and_mended(
    room: Room,
) -> None:
    look_up([Lookup(room.id, "user-0"), Lookup(room.id, "user-1")])
    assert room.audit().is_clean
    change_cached(f"conversation:{room.id}", version=9)
    query = {"conversationId": room.id, "userId": "user-1"}
    collection("participants").update_one(query, {"$set": {"role": "ReadOnly"}})

    assert room.found() == {Kind.WRONG_CACHE: 2}

    mend(room)
    found = look_up([Lookup(room.id, "user-1")])[0]
    assert found.membership.role == "ReadOnly"


def test_an_outcome_that_tells_other_ids_or_reason_is_found_and_mended(room: Room) -> None:
    before = letter_of(room)
    change = {"reason": "oversize", "senderId": "somebody", "messageId": "another"}
    collection("dead_letters").update_one({"_id": before["_id"]}, {"$set": change})

    assert room.found() == {Kind.WRONG_LETTER: 1}

    mend(room)
    assert letter_of(room) == before


def test_what_is_cached_of_a_conversation_that_is_gone_is_found_and_mended(room: Room) -> None:
    cache_head(room)
    look_up([Lookup(room.id, "user-0")])
    collection("conversations").delete_one({"_id": room.id})

    assert room.found()[Kind.WRONG_CACHE] == 3

    room.audit(mend=True)
    assert Kind.WRONG_CACHE not in room.found()

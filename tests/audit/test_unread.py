"""The API's count of unread messages, which the auditor checks."""

from typing import Any

import pytest

from chat_project.mongodb import collection
from consumers.audit import Kind
from conversations.unread import unread_counts, unread_pipeline
from tests.audit.conftest import MESSAGES, Room
from tests.consumers.events import CHANGED_AT, change


def set_read(room: Room, user_id: str, seq: int) -> None:
    query = {"conversationId": room.id, "userId": user_id}
    collection("participants").update_one(query, {"$set": {"readSeq": seq}})


def test_others_undeleted_messages_behind_the_read_position_count(room: Room) -> None:
    set_read(room, "user-1", 2)
    room.change_message(5, isDeleted=True)

    pairs = [(room.id, "user-0"), (room.id, "user-1"), (room.id, "nobody")]

    assert unread_counts(pairs) == {(room.id, "user-0"): 3, (room.id, "user-1"): 1}


def test_it_reads_a_range_of_the_index_and_no_more(room: Room) -> None:
    set_read(room, "user-1", 4)
    explained: dict[str, Any] = collection("participants").database.command(
        "explain",
        {
            "aggregate": "participants",
            "pipeline": unread_pipeline({(room.id, "user-1")}),
            "cursor": {},
        },
        verbosity="executionStats",
    )
    lookup = next(stage for stage in explained["stages"] if "$lookup" in stage)

    assert lookup["indexesUsed"] == ["conversation_seq"]
    assert lookup["totalDocsExamined"] == 2
    assert lookup["collectionScans"] == 0


def test_no_more_than_the_limit_is_looked_at(room: Room) -> None:
    pipeline = unread_pipeline({(room.id, "user-1")}, limit=3)
    explained: dict[str, Any] = collection("participants").database.command(
        "explain",
        {"aggregate": "participants", "pipeline": pipeline, "cursor": {}},
        verbosity="executionStats",
    )
    lookup = next(stage for stage in explained["stages"] if "$lookup" in stage)

    assert lookup["totalDocsExamined"] == 3
    found = list(collection("participants").aggregate(pipeline))
    assert found[0]["unread"] == [{"count": 2}]


BEYOND = 1_000_000


def read_beyond(room: Room) -> None:
    """A client names a number that there is not; two messages come behind it."""
    pipeline = room.filled.pipeline
    body = change(room.id, userId="user-1", upToSeq=BEYOND, readAt=CHANGED_AT)
    pipeline.produce([body], event_type="MessagesReadEvent")
    pipeline.send(room.id, 2)
    room.filled.drain()


@pytest.mark.parametrize("wrong", [BEYOND, MESSAGES - 1])
def test_a_position_beyond_the_last_number_is_found_and_set_to_what_there_was(
    room: Room, wrong: int
) -> None:
    read_beyond(room)
    set_read(room, "user-1", wrong)

    assert room.found() == {Kind.WRONG_UNREAD: 1}

    assert room.audit(mend=True).is_clean
    query = {"conversationId": room.id, "userId": "user-1"}
    assert (collection("participants").find_one(query) or {})["readSeq"] == MESSAGES


@pytest.mark.parametrize("possible", [MESSAGES, MESSAGES + 2])
def test_a_read_of_what_there_was_not_yet_may_reach_what_came_with_it(
    room: Room, possible: int
) -> None:
    read_beyond(room)
    set_read(room, "user-1", possible)

    assert room.found() == {}


POSITIONS = {
    "read in a fresh conversation": {"readSeq": 5},
    "joined and read above the last number": {"joinedSeq": 1_000, "readSeq": 1_000},
    "joined and read below nothing": {"joinedSeq": -1, "readSeq": -1},
    "a text": {"readSeq": "4"},
    "absent": {"readSeq": None},
}


def make_older_than_the_log(room: Room) -> None:
    first = room.message(1)
    room.change_message(1, src={**first["src"], "t": 0})


def test_a_position_may_come_from_a_read_that_the_log_has_no_more(room: Room) -> None:
    make_older_than_the_log(room)
    set_read(room, "user-1", 5)

    assert room.found() == {}


@pytest.mark.parametrize(
    ("name", "expired"),
    [
        (name, expired)
        for name in POSITIONS
        for expired in (False, True)
        if (name, expired) != ("read in a fresh conversation", True)
    ],
)
def test_a_wrong_position_is_found_and_mended(room: Room, name: str, expired: bool) -> None:
    if expired:
        make_older_than_the_log(room)
    query = {"conversationId": room.id, "userId": "user-1"}
    collection("participants").update_one(query, {"$set": POSITIONS[name]})

    assert room.found() == {Kind.WRONG_UNREAD: 1}

    mended = room.audit(mend=True)
    assert (mended.repaired, mended.differences) == (1, {})
    after = collection("participants").find_one(query) or {}
    assert after["joinedSeq"] == after["readSeq"]
    assert isinstance(after["readSeq"], int)

"""The API's count of unread messages, which the auditor checks."""

from typing import Any

from chat_project.mongodb import collection
from messaging.unread import unread_counts, unread_pipeline
from tests.audit.conftest import Room


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

"""Step 6 of a batch: how far its participants have read."""

from collections.abc import Collection

from pymongo import UpdateOne

from chat_project.mongodb import collection
from consumers.decoding import PositionRead


def move_positions(reads: Collection[PositionRead]) -> None:
    """The furthest position of each participant; one that is behind moves nothing.

    A newcomer stands where they joined without having read anything: reading up to there counts.
    """
    furthest: dict[tuple[str, str], PositionRead] = {}
    for read in reads:
        pair = (read.conversation_id, read.event.user_id)
        rival = furthest.get(pair)
        if rival is None or read.event.up_to_seq > rival.event.up_to_seq:
            furthest[pair] = read
    if furthest:
        collection("participants").bulk_write(
            [_move(read) for read in furthest.values()], ordered=False
        )


def _move(read: PositionRead) -> UpdateOne:
    event = read.event
    return UpdateOne(
        {
            "conversationId": event.conversation_id,
            "userId": event.user_id,
            "$or": [
                {"readSeq": {"$lt": event.up_to_seq}},
                {"readSeq": event.up_to_seq, "readAt": None},
            ],
        },
        {"$set": {"readSeq": event.up_to_seq, "readAt": read.at}},
    )

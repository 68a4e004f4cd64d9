"""Step 6 of a batch: how far its participants have read."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

from msgspec.structs import replace
from pymongo import UpdateOne

from chat_project.mongodb import collection
from consumers.decoding import PositionRead
from consumers.heads import Head
from consumers.records import Place
from consumers.threads import Thread
from conversations.selectors import read_positions
from conversations.values import Pair


class Position(NamedTuple):
    """Everything up to this number was read by then."""

    up_to_seq: int
    read_at: datetime


def within_log(
    reads: Collection[PositionRead], heads: Mapping[str, Head], threads: Iterable[Thread]
) -> list[PositionRead]:
    """The same, none further than the last message before it in the log.

    `heads` are those of their conversations, as they were before the batch; `threads` is the batch.
    """
    if not reads:
        return []
    of_batch = {thread.head.conversation_id: _numbers_by_place(thread) for thread in threads}
    return [
        _within(read, heads[read.conversation_id], of_batch.get(read.conversation_id, []))
        for read in reads
    ]


def _numbers_by_place(thread: Thread) -> list[tuple[Place, int]]:
    """The place of each message, and the greatest number up to there."""
    numbers = thread.numbers.assigned
    placed = sorted((message.place, numbers[message.id]) for message in thread.numbered)
    greatest = accumulate((seq for _, seq in placed), max)
    return [(place, seq) for (place, _), seq in zip(placed, greatest, strict=True)]


def _within(read: PositionRead, head: Head, numbers: list[tuple[Place, int]]) -> PositionRead:
    count = bisect_left(numbers, (read.place, 0))
    last = max(head.last_seq or 0, numbers[count - 1][1] if count else 0)
    if read.event.up_to_seq <= last:
        return read
    return replace(read, event=replace(read.event, up_to_seq=last))


def move_positions(reads: Collection[PositionRead]) -> bool:
    """The furthest position of each participant; one that is behind moves nothing.

    A newcomer stands where they joined without having read anything: reading up to there counts.
    Gives whether all of them moved: else somebody was there already, or takes no part any more.
    """
    furthest = _furthest(reads)
    if not furthest:
        return True
    moves = [_move(pair, position) for pair, position in furthest.items()]
    moved = collection("participants").bulk_write(moves, ordered=False)
    return moved.matched_count == len(furthest)


def positions_after(reads: Collection[PositionRead], *, all_moved: bool) -> Mapping[Pair, Position]:
    """Where the readers stand now, but for those who have read nothing or take no part any more.

    One query, and none if all of the reads are known to have moved them.
    """
    furthest = _furthest(reads)
    if all_moved:
        return furthest
    return {pair: Position(*found) for pair, found in read_positions(furthest).items()}


def _furthest(reads: Iterable[PositionRead]) -> dict[Pair, Position]:
    """Of each participant; the first that came so far counts."""
    furthest: dict[Pair, Position] = {}
    for read in reads:
        rival = furthest.get(read.reader)
        if rival is None or read.event.up_to_seq > rival.up_to_seq:
            furthest[read.reader] = Position(read.event.up_to_seq, read.at)
    return furthest


def _move(pair: Pair, position: Position) -> UpdateOne:
    conversation_id, user_id = pair
    return UpdateOne(
        {
            "conversationId": conversation_id,
            "userId": user_id,
            "$or": [
                {"readSeq": {"$lt": position.up_to_seq}},
                {"readSeq": position.up_to_seq, "readAt": None},
            ],
        },
        {"$set": {"readSeq": position.up_to_seq, "readAt": position.read_at}},
    )

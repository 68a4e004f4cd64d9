"""Repairs of numbers: repeated, misplaced and impossible ones; every other number stays."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from chat_project.mongodb import Document, collection, majority_collection
from chat_project.timestamps import now
from consumers.audit.findings import Finding, Kind
from consumers.audit.parsing import referred, whole_number
from consumers.audit.repair.places import fitting_hole, take_next_number
from consumers.audit.repair.tools import Tools
from conversations.services.transactions import in_transaction


class Numbered(NamedTuple):
    """A message whose place in the log tells where its number must lie."""

    id: str
    seq: int
    place: bytes


def renumber(tools: Tools) -> None:
    """What only lies above lastSeq is the head's."""
    put_in_order: str | None = None
    for finding in tools.findings("numbers", Kind.REPEAT, Kind.WRONG_NUMBER):
        conversation_id = finding.conversation_id
        if conversation_id is None or finding.message_id is None or conversation_id == put_in_order:
            continue
        before = majority_collection("messages").find_one({"_id": referred(finding.message_id)})
        if before is None or whole_number(before.get("seq")) != finding.seq:
            continue
        hole = fitting_hole(tools.audit.ledger, conversation_id, finding.place)
        if hole is not None:
            if _moved(tools, finding, before, hole, {}) is not None and finding.place is not None:
                tools.audit.note_number(finding.message_id, conversation_id, hole, finding.place)
        elif finding.kind is Kind.REPEAT or finding.seq is None or finding.seq < 1:
            _move_behind(tools, finding, before)
        elif "above lastSeq" not in finding.text:
            _put_in_order(tools, finding, conversation_id)
            put_in_order = conversation_id


def _move_behind(tools: Tools, finding: Finding, before: Document) -> None:
    restored = {"restoredAt": now()}
    take_next_number(
        before["conversationId"], lambda seq: _moved(tools, finding, before, seq, restored)
    )


def _moved(
    tools: Tools, finding: Finding, before: Document, seq: int, fields: Document
) -> Document | None:
    """None: the number is taken."""
    change = {"seq": seq, **fields}
    key = {"_id": before["_id"], "seq": before.get("seq")}
    tools.note(finding, f"message {before['_id']}", before=before, after=change)
    try:
        tools.count(collection("messages").update_one(key, {"$set": change}).modified_count)
    except DuplicateKeyError:
        return None
    return {**before, **change}


def _put_in_order(tools: Tools, finding: Finding, conversation_id: str) -> None:
    """Exchanged numbers are exchanged back, all at once. Where that would move others too, the
    misplaced messages keep their numbers, and their place in the order is forgiven."""
    rows = tools.audit.ledger.rows(
        "SELECT d.id, d.seq, d.place FROM documents d"
        " JOIN heads h ON h.conversation_id = d.conversation_id WHERE d.conversation_id = ?"
        " AND d.place IS NOT NULL AND NOT d.is_restored AND d.seq BETWEEN 1 AND h.last_seq"
        " ORDER BY d.seq",
        (conversation_id,),
    )
    found = [Numbered(*row) for row in rows]
    misplaced, moves = out_of_order(found), exchanges(found)
    target = f"conversation {conversation_id}"
    if len(moves) <= 2 * len(misplaced):
        tools.note(finding, target, after={"seqs": {id_: list(m) for id_, m in moves.items()}})
        in_transaction(lambda session: _exchange(moves, session))
        tools.count(len(moves))
    else:
        tools.note(finding, target, after={"restored": [each.id for each in misplaced]})
        for each in misplaced:
            tools.count(_forgive(each, now()))


def _exchange(moves: dict[str, tuple[int, int]], session: ClientSession) -> None:
    """Below zero first: each number is free before it is taken."""
    for id_, (seq, _) in moves.items():
        collection("messages").update_one(
            {"_id": referred(id_), "seq": seq}, {"$set": {"seq": -seq}}, session=session
        )
    for id_, (seq, wanted) in moves.items():
        collection("messages").update_one(
            {"_id": referred(id_), "seq": -seq}, {"$set": {"seq": wanted}}, session=session
        )


def _forgive(message: Numbered, moment: datetime) -> int:
    key = {"_id": referred(message.id), "seq": message.seq}
    return collection("messages").update_one(key, {"$set": {"restoredAt": moment}}).modified_count


def exchanges(in_order_of_numbers: Sequence[Numbered]) -> dict[str, tuple[int, int]]:
    """By id the number and the wanted one, where the same numbers in the log's order differ."""
    sorted_by_place = sorted(in_order_of_numbers, key=lambda each: each.place)
    return {
        wanted.id: (wanted.seq, has.seq)
        for has, wanted in zip(in_order_of_numbers, sorted_by_place, strict=True)
        if has.seq != wanted.seq
    }


def out_of_order(in_order_of_numbers: Sequence[Numbered]) -> list[Numbered]:
    """The fewest messages without which places ascend with the numbers: those outside one longest
    ascending series."""
    tails: list[bytes] = []
    holders: list[int] = []
    before: list[int | None] = []
    for index, message in enumerate(in_order_of_numbers):
        length = bisect_left(tails, message.place)
        before.append(holders[length - 1] if length else None)
        tails[length : length + 1] = [message.place]
        holders[length : length + 1] = [index]
    kept: set[int] = set()
    last = holders[-1] if holders else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return [each for index, each in enumerate(in_order_of_numbers) if index not in kept]

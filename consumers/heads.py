"""The head of a conversation: what the consumer alone writes in it, read and compare-and-set."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from pymongo import UpdateOne

from chat_project.mongodb import Document, collection, majority_collection
from consumers.halves import in_two_halves
from consumers.records import Place

_FIELDS = ("tenantId", "lastSeq", "lastMessage", "log", "purgedSeq", "erased")


class Head(msgspec.Struct, frozen=True):
    """A conversation as read in step 2; `marks` are its places by partition.

    `purged_seq`: up to this number its messages are purged; `erased`: users whose name is not kept
    (decision 0023).
    """

    conversation_id: str
    tenant_id: str
    last_seq: int | None
    last_message: Mapping[str, Any] | None
    marks: Mapping[int, Place]
    purged_seq: int = 0
    erased: frozenset[str] = frozenset()

    def covers(self, place: Place) -> bool:
        """Whether the record at this place is done: at or below a mark."""
        return bool(self.marks) and place <= max(self.marks.values())


class HeadUpdate(msgspec.Struct, frozen=True):
    """What step 7 writes, on the condition that nobody wrote since `read` was read."""

    read: Head
    last_seq: int
    last_message: Mapping[str, Any] | None
    mark: Place


def read_heads(conversation_ids: Collection[str]) -> dict[str, Head]:
    """The heads by id, with read concern majority: a mark that a failover can undo is no mark."""
    if not conversation_ids:
        return {}
    found = majority_collection("conversations").find(
        {"_id": {"$in": list(conversation_ids)}}, dict.fromkeys(_FIELDS, 1)
    )
    return {document["_id"]: _head(document) for document in found}


def update_heads(updates: Collection[HeadUpdate]) -> bool:
    """One compare-and-set each. False: someone else was here, read again."""
    changed = sum(in_two_halves(_write, list(updates)))
    return changed == len(updates)  # a mark only grows, so a successful one changes something


def _write(updates: Sequence[HeadUpdate]) -> int:
    changes = [_compare_and_set(update) for update in updates]
    return collection("conversations").bulk_write(changes, ordered=False).modified_count


def _head(document: Document) -> Head:
    log: Mapping[str, Mapping[str, int]] = document.get("log") or {}
    marks = {
        int(name[1:]): Place(int(mark["t"]), int(name[1:]), int(mark["o"]))
        for name, mark in log.items()
    }
    return Head(
        conversation_id=document["_id"],
        tenant_id=document.get("tenantId", ""),
        last_seq=None if (last_seq := document.get("lastSeq")) is None else int(last_seq),
        last_message=document.get("lastMessage"),
        marks=marks,
        purged_seq=int(document.get("purgedSeq") or 0),
        erased=frozenset(document.get("erased") or ()),
    )


def _compare_and_set(update: HeadUpdate) -> UpdateOne:
    """Found by `_id` alone and compared within the update: with any further condition the server
    plans the query anew for each conversation, which costs it a third more (docs/performance.md)."""
    read, mark = update.read, update.mark
    name = f"p{mark.p}"
    change: Document = {
        "lastSeq": update.last_seq,
        "log": {"$mergeObjects": ["$log", {name: {"t": mark.t, "o": mark.o}}]},
    }
    if update.last_message is not read.last_message:
        change["lastMessage"] = {"$literal": update.last_message}
    as_read = [
        _is("lastSeq", read.last_seq),
        _is(f"log.{name}", _stored_mark(read, mark.p)),
        _is("purgedSeq", read.purged_seq or None),
    ]
    changed = {"$mergeObjects": ["$$ROOT", change]}
    return UpdateOne(
        {"_id": read.conversation_id},
        [{"$replaceWith": {"$cond": [{"$and": as_read}, changed, "$$ROOT"]}}],
    )


def _is(path: str, value: object) -> Document:
    """Null and absent are the same here, as in a query."""
    return {"$eq": [{"$ifNull": [f"${path}", None]}, {"$literal": value}]}


def _stored_mark(head: Head, partition: int) -> Document | None:
    mark = head.marks.get(partition)
    return None if mark is None else {"t": mark.t, "o": mark.o}

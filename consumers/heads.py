"""The head of a conversation: what the consumer alone writes in it, read and compare-and-set."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from pymongo import UpdateOne

from chat_project.mongodb import Document, collection, majority_collection
from consumers.records import Place

_FIELDS = ("tenantId", "lastSeq", "lastMessage", "log")


class Head(msgspec.Struct, frozen=True):
    """A conversation as read in step 2; `marks` are its places by partition."""

    conversation_id: str
    tenant_id: str
    last_seq: int | None
    last_message: Mapping[str, Any] | None
    marks: Mapping[int, Place]

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
    if not updates:
        return True
    result = collection("conversations").bulk_write(
        [_compare_and_set(update) for update in updates], ordered=False
    )
    return result.matched_count == len(updates)


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
    )


def _compare_and_set(update: HeadUpdate) -> UpdateOne:
    read, mark = update.read, update.mark
    path = f"log.p{mark.p}"
    condition: Document = {"_id": read.conversation_id, "lastSeq": read.last_seq}
    if (seen := read.marks.get(mark.p)) is None:
        condition[path] = None
    else:
        condition |= {f"{path}.t": seen.t, f"{path}.o": seen.o}
    change: Document = {"lastSeq": update.last_seq, path: {"t": mark.t, "o": mark.o}}
    if update.last_message is not read.last_message:
        change["lastMessage"] = update.last_message
    return UpdateOne(condition, {"$set": change})

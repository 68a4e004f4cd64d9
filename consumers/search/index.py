"""The collection `message_search` brought to what the collection `messages` holds.

Only what is stored counts, never what a record of the log says: a record may be a duplicate, a dead
letter, or overtaken by a later change. So everything here may be repeated, at any time, by anyone.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TypeVar

import bson
import msgspec
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from chat_project.mongodb import Document, collection, majority_collection, only_duplicates
from consumers.attempts import attempt
from consumers.errors import RetryLater
from messaging import search

T = TypeVar("T")

PART_BYTES = 250_000
"""Of stored messages that are brought in by one attempt. Their words and beginnings are some 200,000
at most, each an entry of the index: 1 to 3 s on two busy cores, of the 10 s of an attempt."""

FEW = 30
"""So many messages are one part, whatever they say: they have no more words than that."""

_SEARCHED_FIELDS = dict.fromkeys(
    (
        *("conversationId", "tenantId", "seq", "type", "sentAt", "content", "isDeleted"),
        *("attachments.fileName", "src", "rev"),
    ),
    1,
)


_WHOLE: Document = {
    **{name: {"$type": "number"} for name in ("seq", "src.t", "src.p", "src.o")},
    **{name: {"$type": "string"} for name in ("conversationId", "tenantId", "type", "content")},
    "sentAt": {"$type": "date"},
}
"""What the consumer stores. A tombstone has no `src`; anything else is for `reconcile` to tell."""


class Brought(msgspec.Struct):
    """What became of messages, counted."""

    added: int = 0
    corrected: int = 0
    unchanged: int = 0
    not_stored: int = 0
    """Dead letters and tombstones: the search has none of them."""

    @property
    def written(self) -> int:
        return self.added + self.corrected

    def include(self, other: "Brought") -> None:
        self.added += other.added
        self.corrected += other.corrected
        self.unchanged += other.unchanged
        self.not_stored += other.not_stored


def bring_in(message_ids: Collection[str]) -> Brought:
    """Two queries, and one write if anything has changed. More than FEW messages cost a query more,
    and the same again for each part: a retry finds done what an attempt has done.

    Raises RetryLater, StopConsuming.
    """
    brought = Brought()
    for part in _parts(message_ids):
        with attempt():
            brought.include(_bring_in_at_once(part))
    return brought


def _parts(message_ids: Collection[str]) -> Iterable[Collection[str]]:
    if len(message_ids) <= FEW:
        return [message_ids]
    with attempt():
        found = majority_collection("messages").find(
            {"_id": {"$in": list(message_ids)}}, {"size": {"$bsonSize": "$$ROOT"}}
        )
        sizes = {each["_id"]: each["size"] for each in found}
    return _parted(message_ids, lambda message_id: sizes.get(message_id, 0))


def _parted(items: Iterable[T], size_of: Callable[[T], int]) -> Iterator[list[T]]:
    """In their order. A part ends with the item that makes it PART_BYTES or more."""
    part: list[T] = []
    size = 0
    for item in items:
        part.append(item)
        size += size_of(item)
        if size >= PART_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _bring_in_at_once(message_ids: Collection[str]) -> Brought:
    """The search is read before the messages, so what replaces a document is never older than it."""
    ids = {"_id": {"$in": list(message_ids)}}
    found = {each["_id"]: each for each in majority_collection(search.COLLECTION).find(ids)}
    stored = majority_collection("messages").find({**ids, **_WHOLE}, _SEARCHED_FIELDS)
    wanted = [_search_document(message) for message in stored]
    brought = Brought(not_stored=len(message_ids) - len(wanted))
    updates = []
    for document in wanted:
        if (before := found.get(document["_id"])) == document:
            brought.unchanged += 1
            continue
        updates.append(_update(document, before))
        brought.corrected += before is not None
        brought.added += before is None
    _write(updates)
    return brought


def add(messages: Collection[Document]) -> None:
    """Whole stored messages that the search has not seen, by one write for each part; one that it
    has stays. Raises RetryLater, StopConsuming."""
    for part in _parted(messages, lambda message: len(bson.encode(message))):
        with attempt():
            _insert([_search_document(message) for message in part])


def _insert(documents: list[Document]) -> None:
    try:
        collection(search.COLLECTION).insert_many(documents, ordered=False)
    except BulkWriteError as error:
        if not only_duplicates(error):
            raise


def remove_strangers(message_ids: Collection[str]) -> int:
    """Takes those out of the search that are not stored, or not any more; gives how many."""
    ids = {"_id": {"$in": list(message_ids)}}
    stored = majority_collection("messages").find({**ids, **_WHOLE}, {"_id": 1})
    strangers = set(message_ids) - {document["_id"] for document in stored}
    if not strangers:
        return 0
    query = {"_id": {"$in": list(strangers)}}
    return collection(search.COLLECTION).delete_many(query).deleted_count


def _search_document(message: Document) -> Document:
    """With the place in the log that the message was last changed at: `(t, p, o)` grows with it."""
    place = message.get("rev") or message["src"]
    version = {name: place[name] for name in ("t", "p", "o")}
    return {**search.search_document(message), "version": version}


def _update(document: Document, before: Document | None) -> UpdateOne:
    """Never puts an older state over a newer one that another process has written meanwhile.

    What was read before counts as older, whatever its version: a repair of a message can lower it.
    """
    seen = {"$literal": (before or {}).get("version")}
    may_replace = {
        "$or": [
            {"$lte": ["$version", {"$literal": document["version"]}]},  # absent is less
            {"$eq": [{"$ifNull": ["$version", None]}, seen]},
        ]
    }
    replaced = {"$cond": [may_replace, {"$literal": document}, "$$ROOT"]}
    return UpdateOne({"_id": document["_id"]}, [{"$replaceWith": replaced}], upsert=True)


def _write(updates: list[UpdateOne]) -> None:
    if not updates:
        return
    try:
        collection(search.COLLECTION).bulk_write(updates, ordered=False)
    except BulkWriteError as error:
        if only_duplicates(error):
            raise RetryLater("another process indexes the same messages") from None
        raise

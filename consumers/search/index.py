"""The collection `message_search` brought to what the collection `messages` holds.

Only what is stored counts, never what a record of the log says: a record may be a duplicate, a dead
letter, or overtaken by a later change. So everything here may be repeated, at any time, by anyone.
"""

from collections.abc import Collection

import msgspec
from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from chat_project.mongodb import Document, collection, majority_collection
from consumers.errors import RetryLater
from consumers.messages import DUPLICATE_KEY
from messaging import search

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


def bring_in(message_ids: Collection[str]) -> Brought:
    """Two queries, and one write if anything has changed. Raises RetryLater, pymongo's errors.

    The search is read before the messages, so what replaces a document is never older than it.
    """
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
    """Whole stored messages that the search has not seen, by one write; one that it has stays.

    Raises pymongo's errors.
    """
    documents = [_search_document(message) for message in messages]
    try:
        collection(search.COLLECTION).insert_many(documents, ordered=False)
    except BulkWriteError as error:
        details = error.details or {}
        codes = {each.get("code") for each in details.get("writeErrors", ())}
        if codes != {DUPLICATE_KEY} or details.get("writeConcernErrors"):
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
        codes = {each.get("code") for each in (error.details or {}).get("writeErrors", ())}
        if codes == {DUPLICATE_KEY}:
            raise RetryLater("another process indexes the same messages") from None
        raise

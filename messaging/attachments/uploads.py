"""The collection `attachments`: which file belongs to which message, and where it lies.

`{_id: attachmentId, tenantId, conversationId, messageId, senderId, type, fileName, fileType,
fileSize, uploadedAt, touchedAt, attempts[], file, hasThumbnail}`: `type` is the message's;
`attempts` are noted before anything is written, so that every file can be found and removed; `file`
is the one that counts, absent until it is whole. Found by `_id` alone: no other index.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import pymongo

from chat_project.identifiers import new_id
from chat_project.mongodb import Document, collection, majority_collection

COLLECTION = "attachments"


def find(attachment_id: str) -> Document | None:
    """Of whatever tenant; only one whose file is whole."""
    return majority_collection(COLLECTION).find_one({"_id": attachment_id, **_WHOLE})


def touch(attachment_id: str, now: datetime) -> Document | None:
    """As `find`, and nobody removes it as an orphan for some time."""
    return collection(COLLECTION).find_one_and_update(
        {"_id": attachment_id, **_WHOLE}, {"$set": {"touchedAt": now}}
    )


def begin(attachment_id: str, described: Document, now: datetime) -> str:
    """Notes that its file is being stored; gives the name of this attempt."""
    attempt = new_id()
    collection(COLLECTION).update_one(
        {"_id": attachment_id},
        {
            "$setOnInsert": {**described, "uploadedAt": now},
            "$set": {"touchedAt": now},
            "$push": {"attempts": attempt},
        },
        upsert=True,
    )
    return attempt


def complete(attachment_id: str, attempt: str, *, has_thumbnail: bool) -> None:
    """The attempt's file is whole. The first one counts; another's is removed with the orphans."""
    done: Document = {"file": attempt, **({"hasThumbnail": True} if has_thumbnail else {})}
    collection(COLLECTION).update_one({"_id": attachment_id, "file": None}, {"$set": done})


def batches(size: int) -> Iterator[list[Document]]:
    """All uploads in the order of their ids, so many at a time."""
    last = ""
    while found := list(
        majority_collection(COLLECTION).find({"_id": {"$gt": last}}).sort("_id").limit(size)
    ):
        yield found
        last = found[-1]["_id"]


def count() -> int:
    """Of all uploads, as the collection knows it without counting."""
    return collection(COLLECTION).estimated_document_count()


def claim(attachment_id: str, *, untouched_since: datetime | None = None) -> list[str] | None:
    """Makes the file one that does not count any more; gives the attempts that may be removed.

    With `untouched_since` only if no upload has begun or been repeated from then on, else None. An
    upload that comes later stores the file anew.
    """
    idle = {} if untouched_since is None else {"touchedAt": {"$lt": untouched_since}}
    before = collection(COLLECTION).find_one_and_update(
        {"_id": attachment_id, **idle},
        {"$unset": {"file": "", "hasThumbnail": ""}},
        return_document=pymongo.ReturnDocument.BEFORE,
    )
    return None if before is None else list(before["attempts"])


def forget(attachment_id: str, attempts: Sequence[str]) -> None:
    """These attempts' files are removed; with the last of them goes the document."""
    one = {"_id": attachment_id}
    gone = {"$pull": {"attempts": {"$in": list(attempts)}}}
    collection(COLLECTION).update_one(one, gone)
    collection(COLLECTION).delete_one({**one, "attempts": [], "file": None})


_WHOLE: Document = {"file": {"$type": "string"}}

"""Files that no message needs any more: which they are, and their removal.

A file is stored before its message is published, so one whose message never came is left over. The
message may still come while Kafka holds it: only what has not been touched for long is judged. It
is safe beside uploads: who repeats one stores the file anew under a path of its own.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from chat_project.mongodb import Document, majority_collection
from consumers.letters.selection import State
from conversations.cache import living_records
from messaging.attachments import storage, uploads

BATCH_SIZE = 500


class Why(StrEnum):
    DELETED = "its message is deleted"
    NEVER_CAME = "its message never came"
    BROKE_OFF = "an attempt to store it broke off"
    ABANDONED = "it was received and never stored"


class Unneeded(msgspec.Struct, frozen=True):
    """A file, or an attempt's part of one, by the id of its attachment."""

    name: str
    why: Why
    size: int
    """Bytes of the whole file."""


def purge(
    idle_since: datetime, *, dry_run: bool, on_progress: Callable[[int], object]
) -> Iterator[Unneeded]:
    """Removes what is unneeded and tells of each; `dry_run` only tells.

    Two queries and one call to Redis for 500 uploads, however old. What was touched after
    `idle_since` is left alone, but for files of deleted messages. Broken off it may be repeated.
    Raises RedisAway, StorageUnavailable, and pymongo's errors.
    """
    for path, size in storage.abandoned(idle_since):
        if not dry_run:
            path.unlink(missing_ok=True)
        yield Unneeded(path.name, Why.ABANDONED, size)
    for batch in uploads.batches(BATCH_SIZE):
        for upload, why in _unneeded(batch, idle_since):
            if dry_run or _remove(upload, why, idle_since):
                yield Unneeded(upload["_id"], why, upload["fileSize"])
        on_progress(len(batch))


def _remove(upload: Document, why: Why, idle_since: datetime) -> bool:
    """Whether it was removed: an upload that was repeated meanwhile is not."""
    attachment_id: str = upload["_id"]
    attempts: Sequence[str] | None
    match why:
        case Why.DELETED:
            attempts = uploads.claim(attachment_id)
        case Why.NEVER_CAME:
            attempts = uploads.claim(attachment_id, untouched_since=idle_since)
        case _:
            attempts = _other_attempts(upload)
    if attempts is None:
        return False
    for attempt in attempts:
        storage.remove(attempt)
    uploads.forget(attachment_id, attempts)
    return True


def _unneeded(batch: Sequence[Document], idle_since: datetime) -> Iterator[tuple[Document, Why]]:
    """Messages are read last: what was on its way a moment ago is stored by then."""
    idle = {each["messageId"] for each in batch if each["touchedAt"] < idle_since}
    expected = living_records(idle) | _in_dead_letters(idle)
    messages = _messages({each["messageId"] for each in batch})
    for upload in batch:
        message = messages.get(upload["messageId"])
        is_idle = upload["touchedAt"] < idle_since
        if message is not None and message.get("isDeleted"):
            yield upload, Why.DELETED
        elif message is not None and _names(message, upload):
            if is_idle and _other_attempts(upload):
                yield upload, Why.BROKE_OFF
        elif is_idle and upload["messageId"] not in expected:
            yield upload, Why.NEVER_CAME


def _in_dead_letters(message_ids: set[str]) -> set[str]:
    """What can still be retried; a discarded letter's record is gone."""
    query: Document = {
        "messageId": {"$in": list(message_ids)},
        "closedHow": {"$ne": State.DISCARDED.value},
    }
    found = majority_collection("dead_letters").find(query, {"_id": 0, "messageId": 1})
    return {letter["messageId"] for letter in found}


def _messages(message_ids: set[str]) -> Mapping[str, Document]:
    fields = {"isDeleted": 1, "attachments.attachmentId": 1}
    found = majority_collection("messages").find({"_id": {"$in": list(message_ids)}}, fields)
    return {message["_id"]: message for message in found}


def _names(message: Document, upload: Document) -> bool:
    """Not so after an id conflict: then another message was stored under the id."""
    named = {each["attachmentId"] for each in message.get("attachments", ())}
    return upload["_id"] in named


def _other_attempts(upload: Document) -> list[str]:
    return [attempt for attempt in upload["attempts"] if attempt != upload.get("file")]

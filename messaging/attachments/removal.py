"""Removes the files of a message that is gone for good."""

from collections.abc import Collection

from chat_project.mongodb import majority_collection
from messaging.attachments import storage, uploads


def remove_files(message_id: str, attachment_ids: Collection[str]) -> int:
    """Gives how many files there were. What is gone already is no error.

    Only what was uploaded for this very message: another service's event may name any id. Raises
    StorageUnavailable, pymongo's errors; then it may be repeated.
    """
    query = {"_id": {"$in": list(attachment_ids)}, "messageId": message_id}
    found = list(majority_collection(uploads.COLLECTION).find(query, {"_id": 1}))
    return sum(remove_upload(upload["_id"]) for upload in found)


def remove_upload(attachment_id: str) -> bool:
    """Every attempt's file and the note of it; False: it was gone."""
    attempts = uploads.claim(attachment_id)
    if attempts is None:
        return False
    for attempt in attempts:
        storage.remove(attempt)
    uploads.forget(attachment_id, attempts)
    return True

"""Removes the oldest messages of a conversation, with every copy of what they said.

The border moves first: from then on nobody counts on these numbers. The messages go last: as long as
one is there, a run that broke off is seen and finished. Every step may be repeated.
"""

import logging
from collections.abc import Collection, Sequence
from functools import partial

from chat_project.mongodb import Document, collection, majority_collection
from chat_project.redis import RedisAway
from chat_project.timestamps import now
from consumers import messages
from consumers.attempts import attempt, patiently
from consumers.audit.cache_check import head_as_cached
from consumers.errors import RetryLater
from consumers.letters.selection import State
from conversations import cache
from messaging import search
from messaging.attachments.removal import remove_files

logger = logging.getLogger(__name__)

PASSES = 20
_FIELDS = dict.fromkeys(("lastSeq", "lastMessage", "log", "purgedSeq", "isHeld"), 1)
_NOT_HELD: Document = {"isHeld": {"$ne": True}}


def remove(conversation_id: str, oldest: Sequence[Document], *, by: str) -> int | None:
    """`oldest`: the conversation's first messages, in the order of their numbers, at least their
    seq and their attachments' ids; `by` closes their dead letters. Gives how many files went; None if the conversation is held back
    by now, and they stay. A hold that comes when the border has moved comes too late for them.

    Raises RetryLater, StopConsuming and StorageUnavailable; then it may be repeated.
    """
    ids = [message["_id"] for message in oldest]
    if not patiently(partial(_move_border, conversation_id, oldest[-1]["seq"])):
        return None
    files = sum(_remove_files(message) for message in oldest)
    patiently(partial(_remove_copies, conversation_id, ids, by))
    patiently(partial(_remove_messages, conversation_id, ids))
    return files


def _move_border(conversation_id: str, seq: int) -> bool:
    """Up to this number nothing is kept, in any case what `lastMessage` shows. False: a hold keeps
    it."""
    for _ in range(PASSES):
        with attempt():
            head = majority_collection("conversations").find_one({"_id": conversation_id}, _FIELDS)
            if head is None:
                return True
            if head.get("isHeld"):
                return False
            if (head.get("purgedSeq") or 0) >= seq:  # a run broke off here, maybe before the cache
                _refresh_cache(head)
                return True
            last = head.get("lastMessage")
            if not last or last["seq"] > seq:
                if _set(_unless_last(conversation_id, seq), {"purgedSeq": seq}):
                    return True
                continue
            kept = messages.read_last_message(conversation_id, head["lastSeq"], purged=seq)
            as_read = {"_id": conversation_id, "lastSeq": head["lastSeq"], "log": head.get("log")}
            change = {"purgedSeq": seq, "lastMessage": kept}
            if _set(as_read, change):
                _refresh_cache({**head, **change})
                return True
    raise RetryLater(f"others were faster in {PASSES} passes: conversation {conversation_id}")


def _unless_last(conversation_id: str, seq: int) -> Document:
    shows_none_of_them = [{"lastMessage": None}, {"lastMessage.seq": {"$gt": seq}}]
    return {"_id": conversation_id, "$or": shows_none_of_them}


def _set(as_read: Document, change: Document) -> bool:
    """Whether the conversation was still so, and nobody holds it back."""
    done = collection("conversations").update_one({**as_read, **_NOT_HELD}, {"$set": change})
    return bool(done.matched_count)


def _refresh_cache(head: Document) -> None:
    """Without Redis the old head dies with its time to live."""
    cached = head_as_cached(head)
    if cached is None:
        return
    try:
        cache.refresh_heads(
            [cache.Head(head["_id"], cached.last_seq, cached.last_message, cached.mark)]
        )
    except RedisAway as error:
        logger.warning("The cache shows a purged message for some minutes: %s", error)


def _remove_files(message: Document) -> int:
    ids = [each["attachmentId"] for each in message.get("attachments", ())]
    return remove_files(message["_id"], ids) if ids else 0


def _remove_copies(conversation_id: str, ids: Collection[str], by: str) -> None:
    """The words of the search, what younger replies quote, and what could be retried."""
    these = {"$in": list(ids)}
    with attempt():
        collection(search.COLLECTION).delete_many({"_id": these})
        quoting = {"conversationId": conversation_id, "replyTo.messageId": these}
        quoted = {"replyTo.content": "", "replyTo.senderName": ""}
        collection("messages").update_many(quoting, {"$unset": quoted})
        closed = {
            "closedAt": now(),
            "closedBy": by,
            "closedHow": State.DISCARDED.value,
        }
        open_letters = {"messageId": these, "closedHow": None}
        collection("dead_letters").update_many(open_letters, {"$set": closed})


def _remove_messages(conversation_id: str, ids: Collection[str]) -> None:
    with attempt():
        collection("messages").delete_many(
            {"_id": {"$in": list(ids)}, "conversationId": conversation_id}
        )

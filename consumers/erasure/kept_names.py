"""Names beside what was said, which no event of the log changes: they are snapshots, so they are
put in MongoDB's documents directly, and the consumer stores no new ones (`names`)."""

from collections.abc import Collection, Sequence

from chat_project.mongodb import Document, collection, majority_collection
from consumers.attempts import attempt
from consumers.audit.parts import parts
from consumers.erasure.holds import Holds
from consumers.erasure.lost_quotes import QUOTED_AT_ONCE, of_unstored, quoting
from consumers.tenants import Subject, messages_in
from conversations.erased import ERASED_NAME, pattern_of, without_names
from conversations.services import erasure, outbox

CONVERSATIONS_AT_ONCE = 50

_NOT_NEUTRAL = {"$exists": True, "$ne": ERASED_NAME}


def erase_names(
    subject: Subject, conversation_ids: Sequence[str], names: Collection[str], holds: Holds
) -> int:
    """But in conversations that are held back by now. Gives how many documents had one. Raises
    RetryLater, StopConsuming."""
    count = 0
    for start in range(0, len(conversation_ids), CONVERSATIONS_AT_ONCE):
        ids = holds.free(conversation_ids[start : start + CONVERSATIONS_AT_ONCE], str)
        with attempt():
            erasure.mark(ids, subject.user_id)
        for conversation_id in ids:
            with attempt():
                count += erasure.erase_name(conversation_id, subject.user_id, names)
            count += _of_messages(subject, conversation_id)
            count += _of_quotes(subject, conversation_id)
            count += _of_lost_quotes(conversation_id, names)
    return count + _in_outbox(subject, names, holds)


def _of_messages(subject: Subject, conversation_id: str) -> int:
    here, user_id = {"conversationId": conversation_id}, subject.user_id
    count = 0
    with attempt():
        sent = {**here, "senderId": user_id, "senderName": _NOT_NEUTRAL}
        count += _update(sent, {"senderName": ERASED_NAME})
        for field in ("mentions", "reactions"):
            query = {**here, field: {"$elemMatch": {"userId": user_id, "userName": _NOT_NEUTRAL}}}
            count += _update(
                query,
                {f"{field}.$[theirs].userName": ERASED_NAME},
                array_filters=[{"theirs.userId": user_id}],
            )
    return count


def _of_quotes(subject: Subject, conversation_id: str) -> int:
    """In the replies to what they sent."""
    sent = messages_in([conversation_id], {"senderId": subject.user_id}, {"_id": 1})
    ids = [message["_id"] for message in sent]
    count = 0
    for start in range(0, len(ids), QUOTED_AT_ONCE):
        these = {"$in": ids[start : start + QUOTED_AT_ONCE]}
        query = {"conversationId": conversation_id, "replyTo.messageId": these}
        with attempt():
            named = {**query, "replyTo.senderName": _NOT_NEUTRAL}
            count += _update(named, {"replyTo.senderName": ERASED_NAME})
    return count


def _of_lost_quotes(conversation_id: str, names: Collection[str]) -> int:
    """In the replies to what is not stored, by the name alone; what such a reply quotes goes, too."""
    replies = messages_in([conversation_id], quoting(names), {"replyTo.messageId": 1})
    change = {"$set": {"replyTo.senderName": ERASED_NAME}, "$unset": {"replyTo.content": ""}}
    count = 0
    for some in parts(of_unstored(replies), QUOTED_AT_ONCE):
        with attempt():
            these = {"_id": {"$in": [reply["_id"] for reply in some]}}
            done = collection("messages").update_many(these, change)
        count += done.modified_count
    return count


def _update(
    query: Document, change: Document, *, array_filters: list[Document] | None = None
) -> int:
    done = collection("messages").update_many(query, {"$set": change}, array_filters=array_filters)
    return done.modified_count


def _in_outbox(subject: Subject, names: Collection[str], holds: Holds) -> int:
    """What is still to be told. An entry that is being published at this moment comes twice then, and
    the second one is a dead letter."""
    pattern, count = pattern_of(names), 0
    with attempt():
        for entry in majority_collection(outbox.COLLECTION).find({"tenantId": subject.tenant_id}):
            change = {"text": without_names(entry["text"], pattern)}
            if entry["senderId"] == subject.user_id:
                change["senderName"] = ERASED_NAME
            has_one = any(entry.get(name) != value for name, value in change.items())
            if has_one and holds.free([entry], lambda told: told["conversationId"]):
                collection(outbox.COLLECTION).update_one({"_id": entry["_id"]}, {"$set": change})
                count += 1
    return count

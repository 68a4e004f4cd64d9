"""What a school's conversations hold of a person: found by reading all of them, some at a time."""

from collections.abc import Callable, Collection, Sequence
from re import Pattern

import msgspec

from chat_project.mongodb import Document, majority_collection
from consumers.attempts import attempt
from consumers.erasure.called import is_about, names_as_kept, student_in
from consumers.erasure.lost_quotes import of_unstored, quoting
from consumers.tenants import Subject, conversation_batches, messages_in
from conversations.erased import ERASED_NAME, pattern_of, unmistakable, without_names
from conversations.services import roster

_HEAD_FIELDS = dict.fromkeys(("studentId", "name", "isHeld"), 1)
_FIELDS = dict.fromkeys(
    (
        *("conversationId", "senderId", "senderName", "type", "content", "isDeleted"),
        *("mentions.userId", "reactions.userId", "reactions.userName"),
        *("replyTo.messageId", "replyTo.senderName"),
    ),
    1,
)


class Traces(msgspec.Struct):
    """Where they are or have written, were named or have reacted; `held` of these are held back.
    `names`: what they are called there, but for what others' mentions call them, and by the roster."""

    conversation_ids: list[str] = msgspec.field(default_factory=list)
    held: list[str] = msgspec.field(default_factory=list)
    names: set[str] = msgspec.field(default_factory=set)


def find_traces(
    subject: Subject, names: Collection[str], *, on_conversations: Callable[[int], object]
) -> Traces:
    """Reads every message of the school once, in the server. Raises RetryLater, StopConsuming.

    `names`: those that are known by now. Where nothing else tells of the person, a System message
    counts that has one of them, or of the roster's, of two words or more. So does a reply to somebody
    of such a name whose message is not stored.
    """
    with attempt():
        traces = Traces(names=roster.names_of(subject.tenant_id, subject.user_id))
    full_names = unmistakable({*names, *traces.names})
    pattern, telling = pattern_of(full_names), [*_telling_of(subject.user_id), quoting(full_names)]
    for batch in conversation_batches(subject.tenant_id, _HEAD_FIELDS):
        ids = [head["_id"] for head in batch]
        own_groups = {
            head["_id"]: head["name"] for head in batch if head.get("studentId") == subject.user_id
        }
        touched = {*own_groups}
        traces.names.update(map(student_in, own_groups.values()))
        for participant in _participants(subject, ids):
            touched.add(participant["conversationId"])
            traces.names.add(participant.get("userName") or "")
        replies = []
        for message in messages_in(ids, {"$or": telling}, _FIELDS):
            room = message["conversationId"]
            is_own = room in own_groups
            traces.names.update(names_as_kept(message, subject.user_id, in_own_group=is_own))
            if is_about(message, subject.user_id) or _is_told(message, pattern):
                touched.add(room)
            elif message.get("replyTo", {}).get("senderName") in full_names:
                replies.append(message)
        touched |= {reply["conversationId"] for reply in of_unstored(replies)}
        held = {head["_id"] for head in batch if head.get("isHeld")} & touched
        traces.held += sorted(held)
        traces.conversation_ids += sorted(touched - held)
        on_conversations(len(batch))
    traces.names -= {"", ERASED_NAME}
    return traces


def _telling_of(user_id: str) -> list[Document]:
    by_id = ("senderId", "mentions.userId", "reactions.userId")
    return [*({field: user_id} for field in by_id), {"type": "System", "isDeleted": {"$ne": True}}]


def _is_told(message: Document, names: Pattern[str] | None) -> bool:
    if message.get("type") != "System" or message.get("isDeleted"):
        return False
    text = message.get("content") or ""
    return without_names(text, names) != text


def _participants(subject: Subject, conversation_ids: Sequence[str]) -> list[Document]:
    query = {"userId": subject.user_id, "conversationId": {"$in": list(conversation_ids)}}
    with attempt():
        return list(majority_collection("participants").find(query))

"""What else holds a person's words or name: files, the search, dead letters, the cache. Everything
here may be repeated."""

import logging
from collections.abc import Iterator, Sequence
from functools import partial

from chat_project.mongodb import Document, majority_collection, taking_up_to
from chat_project.redis import RedisAway
from consumers.attempts import attempt, patiently
from consumers.audit.cache_check import head_as_cached
from consumers.audit.parts import parts
from consumers.erasure.holds import Holds
from consumers.letters.desk import Desk
from consumers.letters.selection import Letter, State, letters_where
from consumers.search.index import bring_in
from consumers.tenants import Subject, messages_in
from conversations import cache
from messaging.attachments import uploads
from messaging.attachments.removal import remove_upload

logger = logging.getLogger(__name__)

SCAN_SECONDS = 3_600.0
"""For a collection that has no index of who sent what."""
IDS_AT_ONCE = 500
FILES_AT_ONCE, LETTERS_AT_ONCE = 20, 100
"""Between two looks at what is held back."""
WHY = "a person was erased"

_NOT_DISCARDED: Document = {"closedHow": {"$ne": State.DISCARDED.value}}
"""Of the others there is nothing left that a hold could keep."""


def remove_uploads(subject: Subject, holds: Holds) -> int:
    """Every file that they sent, its message's fate aside, but in conversations that are held back.
    Raises RetryLater, StopConsuming and StorageUnavailable."""
    query = {"tenantId": subject.tenant_id, "senderId": subject.user_id}
    with taking_up_to(SCAN_SECONDS):
        found = majority_collection(uploads.COLLECTION).find(query, {"conversationId": 1}).to_list()
    count = 0
    for some in parts(found, FILES_AT_ONCE):
        free = holds.free(some, lambda upload: upload.get("conversationId"))
        count += sum(remove_upload(upload["_id"]) for upload in free)
    return count


def discard_letters(
    subject: Subject, conversation_ids: Sequence[str], desk: Desk, holds: Holds, *, by: str
) -> int:
    """Of what they sent, and of changes of it, but in conversations that are held back; the
    dead-letter topic is freed as far as it can be."""

    def discard(letters: Sequence[Letter]) -> int:
        free = holds.free(letters, lambda letter: letter.conversation_id)
        return desk.discard(free, why=WHY, by=by, on_progress=_nobody)

    own = messages_in(conversation_ids, {"senderId": subject.user_id}, {"_id": 1})
    count = sum(map(discard, parts(_letters_by_sender(subject), LETTERS_AT_ONCE)))
    for ids in parts((message["_id"] for message in own), IDS_AT_ONCE):
        count += discard(patiently(partial(_letters_of, ids)))
    if count:
        desk.remove_discarded(on_progress=_nobody)
    return count


def bring_search(subject: Subject, conversation_ids: Sequence[str]) -> int:
    """The search to what is stored by now; gives how many of its documents were not."""
    whose = [
        {"senderId": subject.user_id},
        {"mentions.userId": subject.user_id},
        {"type": "System"},
    ]
    found = messages_in(conversation_ids, {"$or": whose}, {"_id": 1})
    count = 0
    for ids in parts((message["_id"] for message in found), IDS_AT_ONCE):
        count += patiently(partial(bring_in, ids)).written
    return count


def refresh_heads(conversation_ids: Sequence[str]) -> None:
    """The cached last messages. Without Redis an old one dies with its time to live."""
    for ids in parts(iter(conversation_ids), IDS_AT_ONCE):
        try:
            cache.refresh_heads(list(_heads(ids)))
        except RedisAway as error:
            logger.warning("The cache shows what was erased for some minutes: %s", error)


def _heads(conversation_ids: Sequence[str]) -> Iterator[cache.Head]:
    with attempt():
        query = {"_id": {"$in": list(conversation_ids)}}
        found = list(majority_collection("conversations").find(query))
    for head in found:
        if cached := head_as_cached(head):
            yield cache.Head(head["_id"], cached.last_seq, cached.last_message, cached.mark)


def _letters_by_sender(subject: Subject) -> list[Letter]:
    with taking_up_to(SCAN_SECONDS):
        by_sender = {"tenantId": subject.tenant_id, "senderId": subject.user_id}
        return letters_where({**by_sender, **_NOT_DISCARDED})


def _letters_of(message_ids: Sequence[str]) -> list[Letter]:
    with attempt():
        return letters_where({"messageId": {"$in": list(message_ids)}, **_NOT_DISCARDED})


def _nobody(_count: int) -> None:
    """The letters of one person are soon done."""

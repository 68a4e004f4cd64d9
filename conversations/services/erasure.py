"""People whose name is kept no longer: the collection `erased_persons`, and their names here.

`{_id, tenantId, userId, at, by, completedAt}`, and `names` while an erasure is at work. A
conversation that such a person is in, or has left a trace in, has their id in `erased`: the consumer
reads it with the head and stores no name of theirs, whatever the log says. Whatever brings people
into conversations (the roster's events, too) goes through `erased_among`.
"""

import time
from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from pymongo.client_session import ClientSession

from chat_project.mongodb import Document, collection, majority_collection
from conversations import cache
from conversations.erased import ERASED_NAME, pattern_of, unmistakable, without_names
from conversations.policies import NAMED_BY_PEOPLE, STUDENT_PREFIX
from conversations.selectors import settings_of
from conversations.services.lost_replies import told_to_the_cache
from conversations.services.transactions import in_transaction, raise_version
from conversations.values import ConversationSettings, ConversationType, Membership, Role
from conversations.words import search_words

COLLECTION = "erased_persons"


def erased_among(
    tenant_id: str, user_ids: Collection[str], session: ClientSession | None = None
) -> set[str]:
    """Those whose name is not kept. One query by `_id`; none for nobody."""
    ids = [_id(tenant_id, user_id) for user_id in user_ids]
    if not ids:
        return set()
    found = collection(COLLECTION).find({"_id": {"$in": ids}}, {"userId": 1}, session=session)
    return {document["userId"] for document in found}


def begin(tenant_id: str, user_id: str, *, by: str, at: datetime) -> list[str]:
    """From now on no name of theirs is stored; gives the names an earlier run had still to remove."""
    one = {"_id": _id(tenant_id, user_id)}
    fields = {"tenantId": tenant_id, "userId": user_id, "at": at, "by": by}
    collection(COLLECTION).update_one(one, {"$setOnInsert": fields}, upsert=True)
    found = majority_collection(COLLECTION).find_one(one) or {}
    return list(found.get("names", ()))


def keep_names(tenant_id: str, user_id: str, names: Collection[str]) -> None:
    """Until the erasure is complete: a run that breaks off must find the rest of them."""
    change = {"$addToSet": {"names": {"$each": sorted(names)}}}
    collection(COLLECTION).update_one({"_id": _id(tenant_id, user_id)}, change)


def complete(tenant_id: str, user_id: str, *, at: datetime) -> None:
    change = {"$set": {"completedAt": at}, "$unset": {"names": ""}}
    collection(COLLECTION).update_one({"_id": _id(tenant_id, user_id)}, change)


def mark(conversation_ids: Sequence[str], user_id: str) -> None:
    """The consumer stores no name of theirs in these conversations from its next batch on; those
    that are held back by now are left alone."""
    these = {"_id": {"$in": list(conversation_ids)}, "isHeld": {"$ne": True}}
    query = {**these, "erased": {"$ne": user_id}}
    collection("conversations").update_many(query, {"$addToSet": {"erased": user_id}})


def erase_name(conversation_id: str, user_id: str, names: Collection[str]) -> bool:
    """Of the participant and in the conversation's own name; the cache follows. False: nothing of
    it was there. Nobody is told, and no role changes."""

    def work(session: ClientSession) -> tuple[ConversationSettings, Document | None] | None:
        found = collection("conversations").find_one({"_id": conversation_id}, session=session)
        pair: Document = {"conversationId": conversation_id, "userId": user_id}
        named = {**pair, "userName": {"$ne": ERASED_NAME}}
        participant = collection("participants").find_one(named, session=session)
        if found is None:
            return None
        name = _name_without(found, user_id, names)
        if participant is None and name == found["name"]:
            return None
        changes = {"name": name, "words": search_words(name)}
        document = raise_version(session, conversation_id, changes)
        change = {"$set": {"userName": ERASED_NAME, "words": search_words(ERASED_NAME)}}
        collection("participants").update_one(pair, change, session=session)
        note(conversation_id, [user_id])
        return settings_of(document), participant

    with told_to_the_cache() as note:
        done = in_transaction(work)
    if done is None:
        return False
    settings, participant = done
    members = {} if participant is None else {user_id: _membership(participant, settings.version)}
    cache.publish(settings, members)
    return True


def _name_without(conversation: Document, user_id: str, names: Collection[str]) -> str:
    """Names that the system made hold a person's name as it is; in one that people gave, a single
    word may mean something else."""
    if conversation.get("studentId") == user_id:
        return f"{STUDENT_PREFIX}{ERASED_NAME}"
    if ConversationType(conversation["type"]) in NAMED_BY_PEOPLE:
        names = unmistakable(names)
    name: str = conversation["name"]
    return without_names(name, pattern_of(names))


def _membership(participant: Document, version: int) -> Membership:
    return Membership(Role(participant["role"]), ERASED_NAME, version, time.time())


def _id(tenant_id: str, user_id: str) -> str:
    """JSON, because any other way to join two ids lets two people share one."""
    return msgspec.json.encode([tenant_id, user_id]).decode()

"""Reads of conversations and participants, from the primary, without the ORM."""

from collections.abc import Collection
from datetime import datetime

from chat_project.mongodb import Document, collection, majority_collection
from conversations.values import ConversationSettings, ConversationType, Membership, Pair, Role

_SETTINGS_FIELDS = dict.fromkeys(("tenantId", "type", "name", "isActive", "version"), 1)
_PAIR_FIELDS = {"_id": 0, "conversationId": 1, "userId": 1}
_MEMBER_FIELDS = {**_PAIR_FIELDS, "userName": 1, "role": 1}
_POSITION_FIELDS = {**_PAIR_FIELDS, "readSeq": 1, "readAt": 1}


def settings_and_version(ids: Collection[str]) -> dict[str, ConversationSettings]:
    """The conversations among these ids; an unknown one is left out. One query."""
    found = collection("conversations").find({"_id": {"$in": list(ids)}}, _SETTINGS_FIELDS)
    return {document["_id"]: settings_of(document) for document in found}


def memberships(pairs: Collection[Pair]) -> dict[Pair, Membership]:
    """The participants among these pairs, without version and time. One query."""
    return {
        pair: Membership(role=Role(document["role"]), user_name=document["userName"])
        for pair, document in _participants(pairs, _MEMBER_FIELDS).items()
    }


def participant_names(pairs: Collection[Pair]) -> dict[Pair, str]:
    """The names of the participants among these pairs. One query."""
    found = _participants(pairs, _MEMBER_FIELDS)
    return {pair: document["userName"] for pair, document in found.items()}


def read_positions(pairs: Collection[Pair]) -> dict[Pair, tuple[int, datetime]]:
    """How far the participants among these pairs have read, and when; without those who have read
    nothing. One query."""
    return {
        pair: (int(document["readSeq"]), document["readAt"])
        for pair, document in _participants(pairs, _POSITION_FIELDS).items()
        if document.get("readAt") is not None
    }


def settings_of(document: Document) -> ConversationSettings:
    return ConversationSettings(
        id=document["_id"],
        tenant_id=document["tenantId"],
        type=ConversationType(document["type"]),
        name=document["name"],
        is_active=document["isActive"],
        version=document["version"],
    )


def _participants(pairs: Collection[Pair], fields: Document) -> dict[Pair, Document]:
    """Two `$in` on the unique index: a thousand `$or` branches would each be planned alone.

    It may find pairs that nobody asked for; they are left out here.
    """
    if not pairs:
        return {}
    wanted = set(pairs)
    query = {
        "conversationId": {"$in": list({conversation_id for conversation_id, _ in wanted})},
        "userId": {"$in": list({user_id for _, user_id in wanted})},
    }
    found = {
        (document["conversationId"], document["userId"]): document
        for document in collection("participants").find(query, fields)
    }
    return {pair: found[pair] for pair in wanted & found.keys()}


def purged_seq(conversation_id: str) -> int:
    """Up to this number its messages are kept no longer; 0: all are kept."""
    field = {"purgedSeq": 1}
    found = majority_collection("conversations").find_one({"_id": conversation_id}, field)
    return int((found or {}).get("purgedSeq") or 0)


def last_seq(conversation_id: str) -> int:
    """The number of its newest stored message; 0: there is none."""
    found = majority_collection("conversations").find_one({"_id": conversation_id}, {"lastSeq": 1})
    return int((found or {}).get("lastSeq") or 0)

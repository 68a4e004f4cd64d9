"""The collection `messages` as the consumer writes and looks it up (steps 3 and 4)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from pymongo.errors import BulkWriteError

from chat_project.mongodb import DUPLICATE_KEY, Document, collection, majority_collection
from consumers.decoding import SentMessage
from consumers.errors import RetryLater
from consumers.halves import in_two_halves
from consumers.numbering import Stored
from consumers.records import Place
from conversations.selectors import purged_seq
from messaging.identifiers import derived_message_id

REFUSED_FOR_CONTENT = frozenset({2, 22, 121, 10_334, 17_280})
"""BadValue, InvalidBSON, DocumentValidationFailure, BSONObjectTooLarge, KeyTooLong: trying the
same document again cannot help. Every other code is trouble of the server and is retried."""


def read_stored(message_ids: Collection[str]) -> dict[str, Stored]:
    """Which of these ids exist, and from where, with read concern majority."""
    if not message_ids:
        return {}
    found = majority_collection("messages").find(
        {"_id": {"$in": list(message_ids)}},
        {"seq": 1, "conversationId": 1, "senderId": 1, "src": 1},
    )
    return {document["_id"]: _stored(document) for document in found}


def read_documents(message_ids: Collection[str]) -> list[Document]:
    """The whole stored documents of these ids, in no order."""
    if not message_ids:
        return []
    return list(majority_collection("messages").find({"_id": {"$in": list(message_ids)}}))


def read_numbers_above(last_seq: int, conversation_id: str) -> set[int]:
    """Every stored number of the conversation above its head's."""
    found = majority_collection("messages").find(
        {"conversationId": conversation_id, "seq": {"$gt": last_seq}}, {"seq": 1, "_id": 0}
    )
    return {document["seq"] for document in found}


def read_neighbour_below(conversation_id: str, seq: int) -> Document | None:
    """The stored message with the greatest number below `seq`."""
    return majority_collection("messages").find_one(
        {"conversationId": conversation_id, "seq": {"$lt": seq}}, sort=[("seq", -1)]
    )


def read_last_message(
    conversation_id: str, last_seq: int, *, purged: int | None = None
) -> Document | None:
    """`lastMessage` anew: of the newest undeleted message up to this number, or None.

    Up to the number `purged` none counts, even while it is there; None: as the conversation says.
    """
    above = purged_seq(conversation_id) if purged is None else purged
    document = majority_collection("messages").find_one(
        {
            "conversationId": conversation_id,
            "isDeleted": {"$ne": True},
            "seq": {"$gt": above, "$lte": last_seq},
        },
        sort=[("sentAt", -1), ("seq", -1)],
    )
    return last_message_of(document) if document else None


class InsertOutcome(msgspec.Struct):
    """What an unordered insert met; nothing in either means that all was inserted."""

    already_there: bool = False
    """An id or a number was taken: look again."""
    refused: dict[str, str] = msgspec.field(default_factory=dict)
    """Message id -> what the server says against its content."""


def insert(documents: Sequence[Document]) -> InsertOutcome:
    """Inserts unordered, acknowledged by a majority's journals. Raises RetryLater."""
    outcome = InsertOutcome()
    for half in in_two_halves(_insert, documents):
        outcome.already_there |= half.already_there
        outcome.refused |= half.refused
    return outcome


def _insert(documents: Sequence[Document]) -> InsertOutcome:
    outcome = InsertOutcome()
    try:
        collection("messages").insert_many(documents, ordered=False)
    except BulkWriteError as error:
        _sort_out(error, documents, outcome)
    return outcome


def _sort_out(error: BulkWriteError, documents: Sequence[Document], outcome: InsertOutcome) -> None:
    details: Mapping[str, Any] = error.details or {}
    if details.get("writeConcernErrors"):
        raise RetryLater(
            f"the write was not acknowledged: {details['writeConcernErrors'][0].get('errmsg')}"
        )
    for write_error in details.get("writeErrors", ()):
        if write_error["code"] == DUPLICATE_KEY:
            outcome.already_there = True
        elif write_error["code"] in REFUSED_FOR_CONTENT:
            message_id = documents[write_error["index"]]["_id"]
            outcome.refused[message_id] = f"{write_error['code']}: {write_error['errmsg']}"
        else:
            raise RetryLater(f"MongoDB refused an insert: {write_error['errmsg']}")


def message_document(
    message: SentMessage, *, seq: int, sender_name: str | None, quote: Document | None
) -> Document:
    """The stored form (contract section 8); what is empty is absent."""
    event, place = message.event, message.place
    document: Document = {
        "_id": event.message_id,
        "conversationId": event.conversation_id,
        "tenantId": event.tenant_id,
        "seq": seq,
        "senderId": event.sender_id,
        "type": event.type or "Text",
        "content": event.content or "",
        "status": "Sent",
        "sentAt": message.sent_at,
        "src": {"t": place.t, "p": place.p, "o": place.o, "h": message.digest},
    }
    if sender_name:
        document["senderName"] = sender_name
    if quote:
        document["replyTo"] = quote
    elif event.reply_to_message_id:  # the digest covers it, so who recomputes that must know it
        document["src"]["r"] = event.reply_to_message_id
    if event.mentions:
        document["mentions"] = [_without_nones(mention) for mention in event.mentions]
    if event.attachments:
        document["attachments"] = [_without_nones(each) for each in event.attachments]
    return document


def tombstone_document(
    conversation_id: str, tenant_id: str, seq: int, sent_at: datetime
) -> Document:
    """Fills a number that its message never took, so that clients see no gap (design section 5).

    Its id follows from its place, so that two attempts make the same one.
    """
    return {
        "_id": derived_message_id(tenant_id, "", f"tombstone/{conversation_id}/{seq}"),
        "conversationId": conversation_id,
        "tenantId": tenant_id,
        "seq": seq,
        "senderId": "",
        "type": "System",
        "content": "",
        "status": "Sent",
        "sentAt": sent_at,
        "isDeleted": True,
    }


def last_message_of(document: Document) -> Document:
    """The conversation's `lastMessage` for a stored message."""
    fields = ("seq", "senderId", "senderName", "content", "sentAt")
    return {"messageId": document["_id"], **{f: document[f] for f in fields if f in document}}


def _stored(document: Document) -> Stored:
    src = document.get("src") or {"t": -1, "p": -1, "o": -1, "h": b""}
    return Stored(
        seq=document["seq"],
        conversation_id=document["conversationId"],
        sender_id=document["senderId"],
        place=Place(src["t"], src["p"], src["o"]),
        digest=bytes(src["h"]),
    )


def _without_nones(value: msgspec.Struct) -> Document:
    plain: Document = msgspec.to_builtins(value)
    return {name: each for name, each in plain.items() if each is not None}

"""The outbox: what conversations are told of changes, on its way to the log.

An entry is written in the transaction of its change, so there is one exactly if the change was
made. After the commit the signal `told` lets the layer above publish it (`messaging.outbox`), which
takes out what Kafka has. A crash or an outage in between leaves the entry here; it is published
later. Its `_id` is the id of its message, which the change's version gives: published twice, it is
stored once.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec
from django.dispatch import Signal
from pymongo.client_session import ClientSession

from chat_project.identifiers import derived_id
from chat_project.mongodb import Document, collection, majority_collection
from chat_project.timestamps import now
from conversations.telling import SYSTEM
from conversations.values import Person

COLLECTION = "outbox"

LEFT_OVER_AFTER = timedelta(seconds=60)
"""By then whoever wrote an entry has published it, or has died, or Kafka is away. Longer than any
part of a bulk addition may take, whose entry stays open until the last one."""
BY_AGE = ("at", "version")
"""The order of what is left over, and its index."""

told = Signal()
"""Sent with `conversation_ids` after the commit. What a receiver raises is logged and goes no
further: the change is made."""


class Told(msgspec.Struct, frozen=True):
    """An entry: a System message as it will be sent; `at` is when the change was made."""

    message_id: str
    conversation_id: str
    tenant_id: str
    sender: Person
    text: str
    at: datetime


def tell(
    session: ClientSession,
    conversation: Document,
    text: str,
    by: Person | None,
    *,
    earlier: str | None = None,
    stays_open: bool = False,
) -> str:
    """Writes an entry in the change's transaction; gives its message id.

    `conversation`: as it is after the change. With `earlier`, an entry that stayed open says this
    text instead. While one stays open, nobody publishes it.
    """
    is_open = {"isOpen": True} if stays_open else {}
    if earlier and _reword(session, earlier, text, stays_open=stays_open):
        return earlier
    sender = by or SYSTEM
    place = (conversation["tenantId"], conversation["_id"])
    message_id = derived_id(["system", *place], str(conversation["version"]))
    entry = {
        "_id": message_id,
        "conversationId": conversation["_id"],
        "tenantId": conversation["tenantId"],
        "version": conversation["version"],
        "senderId": sender.user_id,
        "senderName": sender.user_name,
        "text": text,
        "at": now(),
        **is_open,
    }
    collection(COLLECTION).insert_one(entry, session=session)
    return message_id


def announce(*conversation_ids: str) -> None:
    """After the commit. Blocks as long as the receivers do."""
    told.send_robust(sender=None, conversation_ids=conversation_ids)


def entries_of(conversation_ids: Collection[str], limit: int) -> list[Told]:
    """The oldest that may be published, of each conversation in the order of its changes."""
    query = {"conversationId": {"$in": list(conversation_ids)}, "isOpen": None}
    return _read(query, ("version",), limit)


def left_over(at: datetime, limit: int) -> list[Told]:
    """The oldest that were not published in time, as of `at`; open ones are closed first. Changes
    of one millisecond come in the order of their versions."""
    is_late = {"at": {"$lt": at - LEFT_OVER_AFTER}}
    entries = _read(is_late, BY_AGE, limit)
    if entries:
        collection(COLLECTION).update_many({**is_late, "isOpen": True}, {"$unset": {"isOpen": ""}})
        entries = _read({**is_late, "isOpen": None}, BY_AGE, limit)
    return entries


def take_out(message_ids: Collection[str]) -> None:
    """Those that Kafka has acknowledged."""
    if message_ids:
        collection(COLLECTION).delete_many({"_id": {"$in": list(message_ids)}})


def _reword(session: ClientSession, message_id: str, text: str, *, stays_open: bool) -> bool:
    """False: it was closed and published meanwhile."""
    change: Document = {"$set": {"text": text, "at": now()}}
    if not stays_open:
        change["$unset"] = {"isOpen": ""}
    is_open = {"_id": message_id, "isOpen": True}
    return bool(collection(COLLECTION).update_one(is_open, change, session=session).matched_count)


def _read(query: Document, order: Sequence[str], limit: int) -> list[Told]:
    by = [(field, 1) for field in order]
    found = majority_collection(COLLECTION).find(query).sort(by).limit(limit)
    return [_told(entry) for entry in found]


def _told(entry: Document) -> Told:
    return Told(
        message_id=entry["_id"],
        conversation_id=entry["conversationId"],
        tenant_id=entry["tenantId"],
        sender=Person(entry["senderId"], entry["senderName"]),
        text=entry["text"],
        at=entry["at"],
    )

"""Which conversation has which number in the import, and whether it is whole.

`history_imports`: `{_id: conversationId, tenantId, number, isAnew, claimedAt, doneAt, messages,
sourceMessages}`. `number` is the `p` of its messages' places. It stays the same in every attempt, so
that they all make the same; one that begins anew takes another one, and so nothing that still runs
under the old one can show the conversation. `doneAt` is written with the conversation.
"""

from typing import TypeVar

import msgspec
from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from chat_project.mongodb import Document, collection, majority_collection
from chat_project.timestamps import now
from consumers.attempts import patient_attempt
from consumers.errors import ConsumerError

COLLECTION = "history_imports"
COUNTER = "imported_conversations"

T = TypeVar("T")


class Overtaken(ConsumerError):
    """Another import has brought the conversation meanwhile, or has begun it anew."""


class Claim(msgspec.Struct, frozen=True):
    """`is_anew`: what is stored under other numbers is left over from a given up attempt.
    `source_messages`: how many there were when it was brought."""

    conversation_id: str
    number: int
    is_anew: bool
    is_done: bool
    source_messages: int

    @property
    def as_it_is(self) -> Document:
        """Found as long as nobody has overtaken this claim."""
        return {"_id": self.conversation_id, "number": self.number, "doneAt": None}


def read_claim(conversation_id: str) -> Claim | None:
    found = patient_attempt(
        lambda: majority_collection(COLLECTION).find_one({"_id": conversation_id})
    )
    return _claim(found) if found else None


def claim(conversation_id: str, tenant_id: str) -> Claim:
    """The one that there is, or a new one with the next number."""

    def write() -> Document | None:
        first = {"tenantId": tenant_id, "number": _next_number(), "claimedAt": now()}
        return collection(COLLECTION).find_one_and_update(
            {"_id": conversation_id},
            {"$setOnInsert": first},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )

    found = patient_attempt(write)
    return _claim(found or {})


def claim_anew(earlier: Claim) -> Claim:
    """The same conversation under another number. Raises Overtaken."""

    def write() -> Document | None:
        anew = {"number": _next_number(), "isAnew": True, "claimedAt": now()}
        return collection(COLLECTION).find_one_and_update(
            earlier.as_it_is, {"$set": anew}, return_document=ReturnDocument.AFTER
        )

    changed = patient_attempt(write)
    if changed is None:
        raise Overtaken(f"another import works on the conversation {earlier.conversation_id}")
    return _claim(changed)


def check(held: Claim) -> None:
    """Raises Overtaken."""
    if read_claim(held.conversation_id) != held:
        raise Overtaken(f"another import works on the conversation {held.conversation_id}")


def finish(held: Claim, session: ClientSession, *, messages: int, source_messages: int) -> None:
    """In the transaction that shows the conversation. Raises Overtaken."""
    done = {"doneAt": now(), "messages": messages, "sourceMessages": source_messages}
    if not _change(held, {"$set": done}, session):
        raise Overtaken(f"another import works on the conversation {held.conversation_id}")


def hold(held: Claim, session: ClientSession) -> None:
    """In a transaction that must not come after the conversation is shown. Raises Overtaken."""
    if not _change(held, {"$set": {"heldAt": now()}}, session):
        raise Overtaken(f"another import works on the conversation {held.conversation_id}")


def release(held: Claim) -> None:
    patient_attempt(lambda: collection(COLLECTION).delete_one(held.as_it_is))


def _change(held: Claim, change: Document, session: ClientSession) -> bool:
    changed = collection(COLLECTION).update_one(held.as_it_is, change, session=session)
    return bool(changed.matched_count)


def _next_number() -> int:
    """One that is not used in the end is harmless."""
    counter = collection("counters").find_one_and_update(
        {"_id": COUNTER},
        {"$inc": {"last": 1}},
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return int((counter or {})["last"])


def _claim(document: Document) -> Claim:
    return Claim(
        conversation_id=document["_id"],
        number=int(document["number"]),
        is_anew=document.get("isAnew", False),
        is_done=document.get("doneAt") is not None,
        source_messages=int(document.get("sourceMessages", 0)),
    )

"""The same request again: what each idempotency key was used for, for a week.

Afterwards the derived id still protects: a founding under an old key finds what it founded.
"""

import hashlib

import msgspec
from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from chat_project.api.errors import Unprocessable
from chat_project.api.tokens import TokenUser
from chat_project.identifiers import derived_id
from chat_project.mongodb import Document, collection
from chat_project.timestamps import now


class KeyedRequest(msgspec.Struct, frozen=True):
    """`id` is a UUIDv7 and always the same for this key; `fingerprint`: of what is asked, hex."""

    id: str
    fingerprint: str


def keyed_request(user: TokenUser, key: str, *asked: object) -> KeyedRequest:
    """`asked`: everything that makes the request what it is, encodable as JSON."""
    return KeyedRequest(
        id=derived_id(["conversations", user.tenant_id, user.user_id], key),
        fingerprint=hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:32],
    )


def earlier_conversation(request: KeyedRequest) -> str | None:
    """The conversation that the same request was answered with; None: it was not made yet.

    Raises Unprocessable when the key was used for something else.
    """
    found = collection("request_keys").find_one({"_id": request.id})
    if found is None:
        return None
    if found["fingerprint"] != request.fingerprint:
        raise Unprocessable(
            "The idempotency key was already used for another request: use a new one"
        )
    return str(found["conversationId"])


def remember(request: KeyedRequest, conversation_id: str) -> None:
    """After the work. Raises Unprocessable when the key was meanwhile used for something else."""
    try:
        collection("request_keys").insert_one(_record(request, conversation_id))
    except DuplicateKeyError:
        earlier_conversation(request)


def remember_within(session: ClientSession, request: KeyedRequest, conversation_id: str) -> None:
    """In the transaction that does the work. Raises DuplicateKeyError."""
    collection("request_keys").insert_one(_record(request, conversation_id), session=session)


def _record(request: KeyedRequest, conversation_id: str) -> Document:
    return {
        "_id": request.id,
        "fingerprint": request.fingerprint,
        "conversationId": conversation_id,
        "at": now(),
    }

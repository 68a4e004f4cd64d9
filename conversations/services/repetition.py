"""The same request again: what each idempotency key was used for, for a week.

Afterwards the derived id still protects: a founding under an old key finds what it founded.
"""

import hashlib
from collections.abc import Callable

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


def done_once(request: KeyedRequest | None, work: Callable[[], None]) -> bool:
    """Does the work, which remembers the request in its own transaction; what it raises, it raises.

    False: the same request has done it before. Raises Unprocessable when the key was used for
    something else. Without a request it is done each time.
    """
    if request is None:
        work()
        return True
    if earlier_conversation(request):
        return False
    try:
        work()
    except DuplicateKeyError:  # somebody has used the key since that look
        earlier_conversation(request)
        return False
    return True


def earlier_conversation(request: KeyedRequest) -> str | None:
    """The conversation that the same request was answered with; None: it was not made yet.

    Raises Unprocessable when the key was used for something else.
    """
    found = earlier_request(request)
    return None if found is None else str(found["conversationId"])


def earlier_request(request: KeyedRequest) -> Document | None:
    """The same, with all that is noted of it."""
    found = collection("request_keys").find_one({"_id": request.id})
    if found is not None and found["fingerprint"] != request.fingerprint:
        raise Unprocessable(
            "The idempotency key was already used for another request: use a new one"
        )
    return found


def remember(request: KeyedRequest, conversation_id: str, noted: Document | None = None) -> None:
    """After the work, with what else a repetition must be answered with. Raises Unprocessable when
    the key was meanwhile used for something else."""
    try:
        collection("request_keys").insert_one(_record(request, conversation_id) | (noted or {}))
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

"""All or nothing: a change of participants and the new version of their conversation."""

from collections.abc import Callable
from typing import TypeVar

import pymongo
from pymongo.client_session import ClientSession
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from chat_project import mongodb
from chat_project.mongodb import Document, collection
from chat_project.timestamps import now
from conversations.policies import conversation_not_found

T = TypeVar("T")

TRANSACTION_SECONDS = 5.0
"""For all attempts of one transaction; as long as a door waits for MongoDB anyway."""


def in_transaction(
    work: Callable[[ClientSession], T], *, within_seconds: float = TRANSACTION_SECONDS
) -> T:
    """Runs `work` until it commits; what it raises aborts. It may run more than once."""
    with pymongo.timeout(within_seconds), mongodb.client().start_session() as session:
        return session.with_transaction(
            work,
            read_concern=ReadConcern("snapshot"),
            write_concern=WriteConcern("majority", j=True),
            read_preference=ReadPreference.PRIMARY,
        )


def raise_version(
    session: ClientSession, conversation_id: str, changes: Document | None = None
) -> Document:
    """Raises the version, with other changes of the conversation, and gives it as it is then.

    Done first in a transaction it lets one change of a conversation at a time pass, and the
    participants read after it are those that this version stands for. As the commit shows both at
    once, a reader who reads the version before the role never holds an old role under a new
    version. Raises NotFound.
    """
    document = collection("conversations").find_one_and_update(
        {"_id": conversation_id},
        {"$inc": {"version": 1}, "$set": {"updatedAt": now(), **(changes or {})}},
        return_document=pymongo.ReturnDocument.AFTER,
        session=session,
    )
    if document is None:
        raise conversation_not_found()
    return document

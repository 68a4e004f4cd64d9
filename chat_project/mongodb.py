"""The one MongoDB client of a process, shared by mongoengine and the raw collections."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import mongoengine
import pymongo
from django.db import DatabaseError
from pymongo import MongoClient, ReadPreference
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, ConnectionFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from chat_project.settings.environment import environment

Document = dict[str, Any]

CLIENT_OPTIONS: Mapping[str, Any] = {
    "w": "majority",
    "journal": True,
    "retryWrites": True,
    "uuidRepresentation": "standard",
    "tz_aware": True,
    # A door must answer while the database is away; the consumer sets a longer bound of its own.
    "serverSelectionTimeoutMS": 2_000,
    "connectTimeoutMS": 2_000,
    "timeoutMS": 5_000,
    "appname": "emis-chat",
}

DUPLICATE_KEY = 11_000
"""MongoDB's error code."""

_database_name: ContextVar[str | None] = ContextVar("database_name", default=None)


def connect() -> None:
    """Registers mongoengine's default connection; nothing is opened before its first use."""
    mongoengine.connect(
        db=environment().mongodb_database,
        host=environment().mongodb_uri,
        connect=False,
        **CLIENT_OPTIONS,
    )


def client() -> MongoClient[Document]:
    connected: MongoClient[Document] = mongoengine.get_connection()
    return connected


def database() -> Database[Document]:
    return client()[_database_name.get() or environment().mongodb_database]


@contextmanager
def taking_up_to(seconds: float) -> Iterator[None]:
    """Bounds the block by these seconds, for work that the client's own bound would cut off.

    Within a bound of its own pymongo waits as long for a server as for an answer. So the server is
    asked first, under the client's bound: one that is away raises PyMongoError after 5 s.
    """
    client().admin.command("ping")
    with pymongo.timeout(seconds):
        yield


@contextmanager
def using_database(name: str) -> Iterator[None]:
    """Within the block, and in this thread alone, the functions here mean another database of
    the same server. Django's models and mongoengine's documents stay where they are."""
    token = _database_name.set(name)
    try:
        yield
    finally:
        _database_name.reset(token)


def collection(name: str) -> Collection[Document]:
    """The collection, acknowledged by a majority's journals and read from the primary."""
    return database().get_collection(
        name,
        write_concern=WriteConcern("majority", j=True),
        read_preference=ReadPreference.PRIMARY,
    )


def majority_collection(name: str) -> Collection[Document]:
    """As `collection`, and what it reads can no longer be rolled back."""
    return collection(name).with_options(read_concern=ReadConcern("majority"))


def only_duplicates(error: BulkWriteError) -> bool:
    """Whether all that the server refused was there already."""
    details: Mapping[str, Any] = error.details or {}
    codes = {each.get("code") for each in details.get("writeErrors", ())}
    return codes == {DUPLICATE_KEY} and not details.get("writeConcernErrors")


def is_away(error: BaseException) -> bool:
    """Whether no server answered in time, also under the errors that Django raises from it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, PyMongoError) and (
            isinstance(cause, ConnectionFailure) or cause.timeout
        ):
            return True
        cause = cause.__cause__
    return False


def described(error: Exception) -> str:
    """The error in one line for logs and commands, without what people wrote. One that tells of no
    server names the setting that says where they are."""
    text, _, _ = _without_documents(_cause(error)).partition(", Timeout: ")
    return f"MongoDB: {text} (see MONGODB_URI)" if is_away(error) else f"MongoDB: {text}"


def _cause(error: Exception) -> BaseException:
    """Django's error has no text of its own."""
    return error.__cause__ or error if isinstance(error, DatabaseError) else error


def _without_documents(error: BaseException) -> str:
    """A bulk error's own text holds the documents, and so what people wrote."""
    if not isinstance(error, BulkWriteError):
        return str(error)
    details = error.details or {}
    refusals = [*details.get("writeErrors", ()), *details.get("writeConcernErrors", ())]
    return "; ".join(f"{each.get('code')} {each.get('errmsg')}" for each in refusals[:3])

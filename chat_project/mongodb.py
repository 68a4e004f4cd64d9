"""The one MongoDB client of a process, shared by mongoengine and the raw collections."""

from collections.abc import Mapping
from typing import Any

import mongoengine
from pymongo import MongoClient, ReadPreference
from pymongo.collection import Collection
from pymongo.database import Database
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
    return client()[environment().mongodb_database]


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

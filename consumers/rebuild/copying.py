"""What a rebuilt database takes over from the live one, copied inside the server."""

import re
from collections.abc import Mapping, Sequence

from chat_project.mongodb import (
    Document,
    client,
    collection,
    database,
    majority_collection,
    taking_up_to,
)
from consumers.errors import Refused

COPY_SECONDS = 24 * 3_600.0
"""The client's own bound of 5 s is for requests."""


def check_target(into: str) -> None:
    """Raises Refused unless `into` is another database, and empty or absent."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,63}", into):
        raise Refused(f"{into!r} is no name of a database: 1 to 63 of letters, digits, _ and -")
    if into == database().name:
        raise Refused(f"{into} is the live database; name another one")
    if names := client()[into].list_collection_names():
        raise Refused(
            f"the database {into} is not empty ({', '.join(sorted(names)[:3])} …);"
            " name another one, or drop it first"
        )


def copy_collections(
    into: str, *, older_messages: Document, conversation_stages: Sequence[Document]
) -> None:
    """Every collection with its options and indexes, and its documents as they are, but for two.

    Of `messages` only those that match; `conversations` go through the stages. They come last, so
    that no copied participant is without its conversation. Blocks as long as it takes.
    """
    stages: Mapping[str, Sequence[Document]] = {
        "messages": [{"$match": older_messages}],
        "conversations": conversation_stages,
    }
    names = database().list_collection_names(filter={"type": "collection"})
    with taking_up_to(COPY_SECONDS):
        for name in sorted(names, key=lambda name: name == "conversations"):
            if not name.startswith("system."):
                _create(into, name)
                _copy(into, name, stages.get(name, ()))


def _create(into: str, name: str) -> None:
    target = client()[into]
    target.create_collection(name, **collection(name).options())
    indexes = [
        {key: value for key, value in index.items() if key not in ("v", "ns")}
        for index in collection(name).list_indexes()
        if index["name"] != "_id_"
    ]
    if indexes:
        target.command({"createIndexes": name, "indexes": indexes})


def _copy(into: str, name: str, stages: Sequence[Document]) -> None:
    merge = {"into": {"db": into, "coll": name}, "whenMatched": "fail"}
    majority_collection(name).aggregate([*stages, {"$merge": merge}])

"""What a round must end in, recounted from Kafka and MongoDB. Shares no code with the product."""

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from pymongo.database import Database

from tests.faults import conversation_oracle, message_oracle
from tests.faults.load import Coordinates
from tests.faults.logged import read_topic, uncommitted


class Recount(NamedTuple):
    """The figures of a round, and every difference in a sentence."""

    acknowledged: int
    stored: int
    dead_lettered: int
    differences: list[str]


def recount(
    connection: Mapping[str, str],
    group_id: str,
    topic: str,
    database: Database[dict[str, Any]],
    acknowledged: Mapping[Coordinates, str | None],
) -> Recount:
    """Each record has exactly one fate; numbers, marks and last messages follow from the log."""
    log = read_topic(connection, topic)
    everything = read_topic(connection, f"{topic}.dlq")
    kept = {place: each for place, each in everything.items() if each.origin == topic}
    messages = list(database["messages"].find())
    letters = {
        (each["partition"], each["offset"]): each
        for each in database["dead_letters"].find({"topic": topic})
    }
    heads = {d["_id"]: d for d in database["conversations"].find()}
    differences = [
        *message_oracle.differences(log, acknowledged, messages, letters, kept),
        *conversation_oracle.differences(log, messages, heads, database),
        *uncommitted(connection, group_id, topic),
    ]
    return Recount(len(acknowledged), len(messages), len(letters), differences)


def fingerprint(database: Database[dict[str, Any]]) -> str:
    """Equal as long as nothing that the consumer writes has changed, but for times of letters."""
    digest = hashlib.sha256()
    for name in ("messages", "conversations", "participants"):
        for document in database[name].find().sort("_id", 1):
            digest.update(repr(document).encode())
    for document in database["dead_letters"].find({}, {"_id": 1, "reason": 1}).sort("_id", 1):
        digest.update(repr(document).encode())
    return digest.hexdigest()

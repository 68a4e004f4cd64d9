"""The conversations of a round and their people, in a new database."""

import random
import uuid
from datetime import UTC, datetime
from typing import Any

from pymongo.database import Database

from conversations.services.roster import keeping
from messaging.documents import Message

ROOMS = 16
PEOPLE = ("user-0", "user-1", "user-2")


def found_rooms(database: Database[dict[str, Any]], dice: random.Random) -> dict[str, str]:
    """Rooms with their tenants, as the API leaves them; and the indexes of `migrate`."""
    rooms = {
        str(uuid.UUID(int=dice.getrandbits(128), version=4)): f"school-{number % 2}"
        for number in range(ROOMS)
    }
    now = datetime.now(UTC)
    database["conversations"].insert_many(
        _room(room, tenant, now) for room, tenant in rooms.items()
    )
    database["participants"].insert_many(
        _participant(room, user, now) for room in rooms for user in PEOPLE
    )
    for index in Message._meta["index_specs"]:
        database["messages"].create_index(index["fields"], unique=index.get("unique", False))
    database["dead_letters"].create_index("messageId")
    for name, indexes in keeping.INDEXES.items():
        for index, fields in indexes:
            database[name].create_index([(field, 1) for field in fields], name=index)
    # The sync of the roster names this one, and one group per student needs the other.
    database["participants"].create_index(
        [("conversationId", 1), ("userId", 1)],
        name="conversation_admins",
        partialFilterExpression={"role": "Admin"},
    )
    database["conversations"].create_index("key", unique=True)
    return rooms


def _room(room: str, tenant: str, now: datetime) -> dict[str, Any]:
    return {
        "_id": room,
        "key": room,
        "tenantId": tenant,
        "type": "TeacherGroup",
        "name": "Tổ Toán",
        "isActive": True,
        "version": 1,
        "lastSeq": 0,
        "createdAt": now,
        "createdBy": PEOPLE[0],
        "updatedAt": now,
    }


def _participant(room: str, user: str, now: datetime) -> dict[str, Any]:
    return {
        "conversationId": room,
        "userId": user,
        "userName": f"Name of {user}",
        "role": "Member",
        "joinedSeq": 0,
        "joinedAt": now,
        "readSeq": 0,
    }

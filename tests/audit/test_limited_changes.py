"""Changes that a message has no room for, or that MongoDB refuses, are no differences."""

from typing import Any

from chat_project.mongodb import collection
from messaging.changes import MAX_REACTIONS_OF_A_USER
from tests.audit.conftest import Filled, Room
from tests.consumers.events import change

EDITED, PINNED, REACTED = "MessageEditedEvent", "MessagePinnedEvent", "MessageReactionAddedEvent"


def change_first(filled: Filled, room: Room, kind: str, *changes: dict[str, Any]) -> None:
    message_id = room.message(1)["_id"]
    bodies = [change(room.id, messageId=message_id, **each) for each in changes]
    filled.pipeline.produce(bodies, event_type=kind)
    filled.drain()


def test_reactions_beyond_the_limit_are_no_difference(filled: Filled, room: Room) -> None:
    emojis = [f"emoji {number}" for number in range(MAX_REACTIONS_OF_A_USER + 3)]
    change_first(filled, room, REACTED, *({"emojiCode": emoji} for emoji in emojis))

    assert len(room.message(1)["reactions"]) == MAX_REACTIONS_OF_A_USER
    assert room.found() == {}


def test_an_edit_that_mongodb_refused_is_no_difference(
    filled: Filled, room: Room, forbidden: str
) -> None:
    change_first(filled, room, EDITED, {"content": forbidden})
    change_first(filled, room, PINNED, {})

    assert room.message(1)["isPinned"]
    assert collection("dead_letters").count_documents({"messageId": room.message(1)["_id"]}) == 1
    assert room.found() == {}


def test_a_lost_edit_that_mongodb_refuses_is_mended_by_a_dead_letter(
    filled: Filled, room: Room, forbidden: str
) -> None:
    change_first(filled, room, EDITED, {"content": forbidden})
    message_id = room.message(1)["_id"]
    collection("dead_letters").delete_many({"messageId": message_id})
    assert sum(room.found().values()) == 1

    mended = room.audit(mend=True)

    assert mended.is_clean, mended.findings
    [letter] = collection("dead_letters").find({"messageId": message_id})
    assert letter["reason"] == "refused_by_database"

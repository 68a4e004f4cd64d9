"""Changes that a message has no room for are no differences."""

from typing import Any

from messaging.changes import MAX_REACTIONS_OF_A_USER
from tests.audit.conftest import Filled, Room
from tests.consumers.events import change

REACTED = "MessageReactionAddedEvent"


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

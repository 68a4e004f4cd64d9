"""A letter that was closed because its message is stored hides nothing when that is gone."""

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers.audit import Kind
from consumers.replay.replaying import plan_replay, replay_live
from tests.audit.conftest import Filled, Room, make_conversation
from tests.consumers.events import event


def store_late(filled: Filled) -> Room:
    """Its messages were dead letters, then its conversation came, and a replay stored them."""
    room = Room(filled, new_id())
    filled.pipeline.send(room.id, 2)
    filled.drain()
    make_conversation(room.id)
    environment = filled.pipeline.environment
    moves = plan_replay(environment, environment.kafka_group_id, 0)
    replay_live(environment, environment.kafka_group_id, moves, on_progress=lambda _: None)
    return room


def test_a_lost_message_with_a_closed_letter_is_found_and_stored_again(filled: Filled) -> None:
    room = store_late(filled)
    assert room.audit(mend=True).repaired == 2
    states = collection("dead_letters").distinct("closedHow", {"conversationId": room.id})
    assert states == ["stored"]
    before = room.message(1)
    collection("messages").delete_one({"_id": before["_id"]})

    assert room.found()[Kind.LOST] == 1

    mended = room.audit(mend=True)
    assert mended.is_clean, mended.findings
    assert room.message(1) == before


def test_a_message_that_a_later_record_stored_is_not_lost(filled: Filled) -> None:
    room = Room(filled, new_id())
    hello = event(room.id)
    filled.pipeline.produce([hello])
    filled.drain()
    make_conversation(room.id)
    filled.pipeline.produce([hello])  # the client sends it again
    filled.drain()

    assert room.found() == {Kind.CLOSABLE_LETTER: 1}
    assert room.audit(mend=True).repaired == 1
    assert room.found() == {}

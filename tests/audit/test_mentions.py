"""Mentions are as the message's record and the lengths of its edits leave them."""

from typing import Any

import pytest

from chat_project.identifiers import new_id
from consumers.audit import Kind
from tests.audit.conftest import Filled, Room
from tests.consumers.events import change, event

LAN = {"userId": "lan", "startIndex": 9, "length": 3}
MAI = {"userId": "mai", "startIndex": 0, "length": 4}
NUMBER = 7
"""Of the message that mentions both, behind the room's six."""


@pytest.fixture
def mentioning(filled: Filled, room: Room) -> Room:
    """Its last message was edited, first so that one mention is left, then to its old length."""
    message_id = new_id()
    sent = event(room.id, messageId=message_id, content="Chào chị Lan", mentions=[LAN, MAI])
    filled.pipeline.produce([sent])
    edits = [change(room.id, messageId=message_id, content=text) for text in ("Chào", "Chào cả!")]
    filled.pipeline.produce(edits, event_type="MessageEditedEvent")
    filled.drain()
    return room


def test_those_that_edits_dropped_are_no_difference(mentioning: Room) -> None:
    assert mentioning.message(NUMBER)["mentions"] == [MAI]
    assert mentioning.found() == {}


@pytest.mark.parametrize(
    "wrong",
    [[LAN, MAI], [], [{**MAI, "userId": "other"}], "text"],
    ids=["outside the text", "lost", "another person", "of another type"],
)
def test_others_are_found_and_mended(mentioning: Room, wrong: Any) -> None:
    mentioning.change_message(NUMBER, mentions=wrong)
    assert mentioning.found() == {Kind.WRONG_CONTENT: 1}

    mended = mentioning.audit(mend=True)

    assert mended.is_clean, mended.findings
    assert mentioning.message(NUMBER)["mentions"] == [MAI]

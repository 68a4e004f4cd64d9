"""An edit keeps the mentions that lie within its text, in UTF-16 code units, and no others."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.consumers.conftest import Consumer, Log, stored

EDITED = "MessageEditedEvent"

LAN = {"userId": "lan", "userName": "Lan", "startIndex": 9, "length": 3}
MAI = {"userId": "mai", "startIndex": 0, "length": 4}


@pytest.fixture
def room(conversation: Callable[..., str]) -> str:
    return conversation()


def after_edits(log: Log, consumer: Consumer, room: str, *texts: str, **fields: Any) -> Any:
    """The mentions of both, as they are stored after these edits; None: none."""
    message_id = log.send(room, content="Chào chị Lan", mentions=[LAN, MAI])
    for text in texts:
        log.change(EDITED, room, messageId=message_id, content=text, **fields)
    consumer.apply(log.records)
    [document] = stored(room)
    assert document["content"] == texts[-1]
    return document.get("mentions")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Chào chị Lan ạ", [LAN, MAI]),
        ("Chào cả nhà!", [LAN, MAI]),
        ("Chào chị Là", [MAI]),
        ("Chào 😀😀 Lan", [LAN, MAI]),
        ("Hi 😀", [MAI]),
        ("Hi", None),
    ],
    ids=["longer", "as long", "one shorter", "two units each", "nearly all", "none is absent"],
)
def test_only_those_that_end_within_the_text_stay(
    log: Log, consumer: Consumer, room: str, text: str, left: Any
) -> None:
    assert after_edits(log, consumer, room, text) == left


def test_a_longer_text_brings_none_back(log: Log, consumer: Consumer, room: str) -> None:
    assert after_edits(log, consumer, room, "Chào", "Chào chị Lan") == [MAI]


def test_a_redaction_keeps_them_likewise(log: Log, consumer: Consumer, room: str) -> None:
    assert after_edits(log, consumer, room, "Chào ███", redacts=True) == [MAI]


def test_a_message_without_mentions_gets_none(log: Log, consumer: Consumer, room: str) -> None:
    message_id = log.send(room)
    log.change(EDITED, room, messageId=message_id, content="edited")

    consumer.apply(log.records)

    assert "mentions" not in stored(room)[0]

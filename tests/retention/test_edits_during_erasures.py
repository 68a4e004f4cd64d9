"""Who edits while a person is erased keeps the edit; what names the person goes all the same."""

from collections.abc import Callable
from typing import Any

import pytest

from consumers.erasure import said
from tests.consumers.conftest import stored
from tests.consumers.events import change
from tests.retention.erasures import NAME, OTHER, Erasure, mention, texts

TEXT = f"@{NAME} will not come"


@pytest.fixture
def message_id(erasure: Erasure, room: str) -> str:
    """Of somebody else, with her name, and a reply that quotes it."""
    made = erasure.say(room, **mention(TEXT, f"@{NAME}"))
    erasure.say(room, "why?", replyToMessageId=made)
    erasure.live.drain()
    assert stored(room)[1]["replyTo"]["content"] == TEXT
    return made


def before_sending(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Does it once, between the look and the first redaction of an erasure."""
    send, done = said._send, []

    def late(records: Any) -> None:
        if not done:
            done.append(True)
            act()
        send(records)

    monkeypatch.setattr(said, "_send", late)


@pytest.mark.parametrize("edited", ["she WILL come", f"{NAME} WILL come"], ids=["free", "named"])
def test_an_edit_on_its_way_is_not_overwritten(
    erasure: Erasure, room: str, message_id: str, monkeypatch: pytest.MonkeyPatch, edited: str
) -> None:
    before_sending(monkeypatch, lambda: erasure.edit(room, message_id, edited))

    erasure.run()

    said_now = texts(room)[0]
    assert said_now.endswith("WILL come")
    assert not any(NAME in str(each) for each in stored(room))
    assert stored(room)[1]["replyTo"]["content"] == said_now
    report = erasure.live.audit()
    assert report.is_clean, report.findings


def test_a_redaction_of_an_older_text_leaves_quotes_and_earlier_texts_alone(
    erasure: Erasure, room: str, message_id: str
) -> None:
    [document, _] = stored(room)
    replaces = {name: document["src"][name] for name in ("t", "p", "o")}
    erasure.edit(room, message_id, "edited")
    redaction = change(
        room,
        userId=OTHER,
        messageId=message_id,
        content="█ will not come",
        redacts=True,
        replaces=replaces,
    )
    erasure.live.pipeline.produce([redaction], event_type="MessageEditedEvent")

    erasure.live.drain()

    edited, reply = stored(room)
    assert (edited["content"], edited["history"][0]["content"]) == ("edited", TEXT)
    assert reply["replyTo"]["content"] == TEXT
    report = erasure.live.audit()
    assert report.is_clean, report.findings

"""A repair never undoes what a consumer did meanwhile, and nothing half mended is ever to be seen."""

from collections.abc import Callable
from typing import Any

import pytest

from chat_project.mongodb import collection
from consumers.audit import Kind
from consumers.audit.repair import stored as mending
from tests.audit.conftest import Room
from tests.consumers.events import change

FIRST = 1
EDITED, DELETED, PINNED = "MessageEditedEvent", "MessageDeletedEvent", "MessagePinnedEvent"


def apply(room: Room, event_type: str, **fields: Any) -> None:
    body = change(room.id, messageId=room.message(FIRST)["_id"], **fields)
    room.filled.pipeline.produce([body], event_type=event_type)
    room.filled.drain()


def delete(room: Room) -> None:
    apply(room, DELETED)


def edit(room: Room) -> None:
    apply(room, EDITED, content="better")


def pin(room: Room) -> None:
    apply(room, PINNED)


@pytest.mark.parametrize("moment", ["before it reads", "after it has read"])
@pytest.mark.parametrize("act", [delete, edit, pin])
def test_a_change_meanwhile_stays(
    room: Room, act: Callable[[Room], None], moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    room.change_message(FIRST, content="damaged")
    read, left = mending._read, []

    def beside(message_id: str | None) -> Any:
        found = read(message_id) if moment == "after it has read" else None
        if not left:
            act(room)
            left.append(room.message(FIRST))
        return found or read(message_id)

    monkeypatch.setattr(mending, "_read", beside)
    report = room.audit(mend=True)

    assert (report.repaired, report.differences) == (0, {}), report.findings
    assert room.message(FIRST) == left[0]
    if act is pin:
        assert room.audit(mend=True).is_clean
        assert room.message(FIRST)["content"] == "message 0"


@pytest.mark.parametrize(
    "damage", [{"content": "damaged"}, {"content": "damaged", "isDeleted": False}]
)
def test_the_text_of_a_deleted_message_is_never_to_be_seen(
    room: Room, damage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed right behind its first update, it has mended the message."""
    edit(room)
    delete(room)
    before = room.message(FIRST)
    room.change_message(FIRST, **damage)

    def die(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(mending, "change_quotes", die)
    with pytest.raises(KeyboardInterrupt):
        room.audit(mend=True)

    assert room.message(FIRST) == before
    [noted] = collection("audit_log").find({"target": f"message {before['_id']}"})
    assert "message 0" not in str(noted["details"]["after"])


def test_a_message_with_more_changes_than_mongodb_takes_stages_is_mended(room: Room) -> None:
    message_id = room.message(FIRST)["_id"]
    texts = [f"${number}" for number in range(110)]
    for event_type, bodies in (
        (EDITED, [{"content": text} for text in texts]),
        ("MessageReactionAddedEvent", [{"emojiCode": "x", "userId": str(n)} for n in range(300)]),
        (PINNED, [{}]),
    ):
        made = [change(room.id, messageId=message_id, **body) for body in bodies]
        room.filled.pipeline.produce(made, event_type=event_type)
    room.filled.drain()
    before = room.message(FIRST)
    assert (before["content"], len(before["reactions"])) == (texts[-1], 300)
    room.change_message(FIRST, content="damaged", mentions=["damaged"])
    assert room.found() == {Kind.WRONG_CONTENT: 1}

    assert room.audit(mend=True).is_clean
    assert room.message(FIRST) == before

"""Changes that an operator retries: they count unless the same thing was changed anew meanwhile."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from consumers import heads
from consumers.dead_letters import RETRY_OF
from consumers.errors import RetryLater
from realtime.publisher import conversation_channel
from tests.consumers.conftest import Consumer, Log, stored
from tests.consumers.dying import die
from tests.consumers.listener import Listener

MakeConversation = Callable[..., str]
State = tuple[str, list[str], bool]
"""Text, reactions of user-1, whether it is pinned."""
Said = tuple[str, str]
"""A kind of change, and what it says."""

KINDS = {
    "edit": ("MessageEditedEvent", "content"),
    "react": ("MessageReactionAddedEvent", "emojiCode"),
    "unreact": ("MessageReactionRemovedEvent", "emojiCode"),
    "pin": ("MessagePinnedEvent", "note"),
    "unpin": ("MessageUnpinnedEvent", "note"),
    "delete": ("MessageDeletedEvent", "note"),
}


def at(minute: int) -> str:
    return f"2025-11-07T10:{minute:02d}:00Z"


@pytest.fixture
def room(conversation: MakeConversation) -> str:
    return conversation()


class Story:
    """Of one message: its changes, some of them retried."""

    def __init__(self, log: Log, room: str) -> None:
        self.log = log
        self.room = room
        self.message_id = log.send(room, content="sent", sentAt=at(0))

    def tell(
        self, what: str, text: str, minute: int, *, retried: bool = False, **options: Any
    ) -> None:
        kind, field = KINDS[what]
        said = {"messageId": self.message_id, "at": at(minute), field: text}
        made = self.log.change(kind, self.room, **said, **options)
        if retried:
            headers = (*made.headers, (RETRY_OF, b"1:0:7"))
            self.log.records[-1] = msgspec.structs.replace(made, headers=headers)

    def state(self) -> State:
        message = next(each for each in stored(self.room) if each["_id"] == self.message_id)
        reactions = [each["emojiCode"] for each in message.get("reactions", ())]
        return message["content"], reactions, message.get("isPinned", False)


NEWER: dict[str, tuple[list[Said], Said, State]] = {
    "an edit": ([("edit", "newer")], ("edit", "older"), ("newer", [], False)),
    "a reaction taken back": ([("unreact", "x")], ("react", "x"), ("sent", [], False)),
    "a reaction given anew": (
        [("unreact", "x"), ("react", "x")],
        ("unreact", "x"),
        ("sent", ["x"], False),
    ),
    "a pin taken off": ([("unpin", "")], ("pin", ""), ("sent", [], False)),
    "a pin set anew": ([("unpin", ""), ("pin", "")], ("unpin", ""), ("sent", [], True)),
}
OTHER: dict[str, tuple[list[Said], Said, State]] = {
    "an edit": ([("react", "x"), ("pin", "")], ("edit", "mine"), ("mine", ["x"], True)),
    "a reaction": ([("edit", "newer"), ("unpin", "")], ("react", "x"), ("newer", ["x"], False)),
    "taking one back": ([("react", "y")], ("unreact", "x"), ("sent", ["y"], False)),
    "a pin": ([("edit", "newer"), ("unreact", "x")], ("pin", ""), ("newer", [], True)),
    "a deletion": ([("edit", "newer")], ("delete", ""), ("", [], False)),
}


@pytest.mark.parametrize("cut", ["one batch", "a batch each"])
@pytest.mark.parametrize(("newer", "retried", "left"), NEWER.values(), ids=NEWER.keys())
def test_a_retried_change_does_not_undo_what_is_newer(
    log: Log,
    consumer: Consumer,
    room: str,
    newer: list[Said],
    retried: Said,
    left: State,
    cut: str,
) -> None:
    story = Story(log, room)
    for minute, said in enumerate(newer, 10):
        story.tell(*said, minute)
    story.tell(*retried, 5, retried=True)
    before = late_changes()

    for part in [log.records] if cut == "one batch" else [[each] for each in log.records]:
        consumer.apply(part)

    assert story.state() == left
    assert late_changes() - before == 1


def late_changes() -> float:
    return REGISTRY.get_sample_value("late_changes_total") or 0.0


@pytest.mark.parametrize(("newer", "retried", "left"), OTHER.values(), ids=OTHER.keys())
def test_a_retried_change_counts_if_only_other_things_are_newer(
    log: Log, consumer: Consumer, room: str, newer: list[Said], retried: Said, left: State
) -> None:
    story = Story(log, room)
    for said in newer:
        story.tell(*said, 10)
    story.tell(*retried, 5, retried=True)

    consumer.apply(log.records)

    assert story.state() == left


def test_a_change_that_is_not_retried_counts_whatever_its_time_says(
    log: Log, consumer: Consumer, room: str
) -> None:
    story = Story(log, room)
    story.tell("edit", "by a fast clock", 10)
    story.tell("edit", "last in the log", 5)

    consumer.apply(log.records)

    assert story.state()[0] == "last in the log"


def test_a_second_retry_does_not_undo_what_came_between(
    log: Log, consumer: Consumer, room: str
) -> None:
    """The operator's command died before it closed the letter."""
    story = Story(log, room)
    story.tell("edit", "retried", 5, retried=True)
    story.tell("edit", "newer", 10)
    story.tell("edit", "retried", 5, retried=True)

    consumer.apply(log.records)

    assert story.state()[0] == "newer"


def test_a_redelivery_decides_the_same(
    log: Log, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(log, room)
    story.tell("edit", "newer", 10)
    story.tell("edit", "older", 5, retried=True)
    story.tell("edit", "retried in time", 15, retried=True)
    with monkeypatch.context() as patch:
        patch.setattr(heads, "update_heads", die)
        with pytest.raises(RetryLater):
            Consumer(log.topic).assigned().apply(log.records[:3])
    before = late_changes()

    Consumer(log.topic).assigned().apply(log.records)

    assert story.state()[0] == "retried in time"
    assert late_changes() == before


@pytest.mark.parametrize("cut", range(5))
def test_a_reply_quotes_no_edit_that_was_retried_too_late(
    log: Log, consumer: Consumer, room: str, cut: int
) -> None:
    story = Story(log, room)
    story.tell("edit", "newer", 10)
    story.tell("edit", "older", 5, retried=True)
    log.send(room, replyToMessageId=story.message_id)

    for part in (log.records[:cut], log.records[cut:]):
        consumer.apply(part)

    assert stored(room)[1]["replyTo"]["content"] == "newer"


def test_what_came_too_late_is_not_told_as_if_it_counted(
    log: Log, consumer: Consumer, room: str, listener: Listener
) -> None:
    story = Story(log, room)
    for said in (("react", "x"), ("pin", "")):
        story.tell(*said, 10)
    consumer.apply(log.records)
    listener.on(conversation_channel(room))
    for said in (("unreact", "x"), ("unpin", ""), ("react", "y")):
        story.tell(*said, 5, retried=True, age_seconds=1.0)

    consumer.apply(log.records[-3:])

    assert [(name, data["emojiCode"]) for name, data in listener.heard()] == [
        ("MessageReacted", "y")
    ]

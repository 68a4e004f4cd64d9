"""What a purge took out comes back through no reply, neither from its event nor beside a purge."""

from collections.abc import Callable
from contextlib import closing
from typing import Any
from zlib import crc32

import pytest

from consumers import messages
from consumers.errors import RetryLater
from consumers.letters.desk import Desk
from consumers.letters.selection import Selection, in_log_order
from consumers.retention import removing
from tests.consumers.conftest import stored
from tests.consumers.events import event
from tests.retention.lives import Live
from tests.retention.purges import change_of, check_sound, keep, moment, purge, send

pytestmark = pytest.mark.usefixtures("live")

SAID = "what was said last year"


@pytest.fixture
def old(live: Live, room: str) -> str:
    """A message that may be purged; gives its id."""
    [message_id] = send(live, room, SAID)
    live.drain()
    return message_id


def reply_to(live: Live, room: str, message_id: str, **options: Any) -> None:
    """As a producer sends it that takes what it quotes from its own user."""
    quoting = {"replyToContent": SAID, "replyToSenderName": "An"}
    body = event(room, content="yes", sentAt=moment(0), replyToMessageId=message_id, **quoting)
    live.pipeline.produce([body], **options)


def quotes(room: str) -> list[dict[str, Any]]:
    return [message["replyTo"] for message in stored(room) if "replyTo" in message]


def test_a_reply_on_its_way_during_a_purge_quotes_nothing(live: Live, room: str, old: str) -> None:
    live.expire(room)
    keep()
    reply_to(live, room, old)
    purge(live)

    live.drain()

    assert quotes(room) == [{"messageId": old}]
    check_sound(live)


def test_a_retried_reply_quotes_nothing_of_what_was_deleted_and_purged(
    live: Live, room: str, old: str
) -> None:
    reply_to(live, room, old, partition=(crc32(room.encode()) + 1) % 10)
    change_of(live, room, "Deleted", old)
    live.drain()
    live.expire(room)
    keep()
    purge(live)

    with closing(Desk(live.environment)) as desk:
        list(desk.retry(in_log_order(Selection(reason="wrong_partition")), by="Mai"))
    live.drain()

    assert quotes(room) == [{"messageId": old}]


@pytest.mark.parametrize("step", ["_move_border", "_remove_copies", "_remove_messages"])
def test_a_reply_that_is_stored_beside_a_purge_quotes_nothing(
    live: Live, room: str, old: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Stored before this step: the quote was looked up before the purge began, or in its middle."""
    live.expire(room)
    keep()
    reply_to(live, room, old)
    do_step = getattr(removing, step)

    def stores_first(*arguments: Any) -> Any:
        monkeypatch.setattr(removing, step, do_step)
        live.drain()
        return do_step(*arguments)

    monkeypatch.setattr(removing, step, stores_first)

    purge(live)

    assert quotes(room) == [{"messageId": old}]


@pytest.mark.parametrize("dies", [False, True], ids=["goes on", "dies, and its batch comes again"])
def test_a_quote_looked_up_before_a_purge_and_stored_after_it_is_taken_back(
    live: Live, room: str, old: str, monkeypatch: pytest.MonkeyPatch, *, dies: bool
) -> None:
    live.expire(room)
    keep()
    reply_to(live, room, old)
    insert: Callable[..., Any] = messages.insert

    def purges_first(documents: Any) -> Any:
        monkeypatch.setattr(messages, "insert", insert)
        purge(live)
        inserted = insert(documents)
        assert quotes(room)[0]["content"] == SAID
        if dies:
            raise RetryLater("the process died here")
        return inserted

    monkeypatch.setattr(messages, "insert", purges_first)
    if dies:
        with pytest.raises(RetryLater):
            live.drain()
    live.drain()

    assert quotes(room) == [{"messageId": old}]

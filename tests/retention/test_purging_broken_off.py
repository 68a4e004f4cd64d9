"""A purge that breaks off is finished by the next, and none minds a consumer beside it."""

from typing import Any

import pytest

from chat_project.mongodb import collection
from consumers import heads
from consumers.errors import RetryLater
from consumers.retention import removing
from consumers.search.index import bring_in
from tests.consumers.conftest import head
from tests.processes import manage, running
from tests.retention.lives import Live, MakeConversation, numbers
from tests.retention.purges import check_sound, counts, keep, moment, purge, send
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("live")


@pytest.mark.parametrize("step", ["_remove_files", "_remove_copies", "_remove_messages"])
def test_a_run_that_broke_off_is_finished_by_the_next(
    live: Live, room: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    old = send(live, room, "old", "old too")
    live.drain()
    live.expire(room)
    send(live, room, "young", sent_at=moment(1))
    live.drain()
    bring_in(old)
    keep()

    def break_off(*_: Any) -> None:
        raise RetryLater("broken off")

    with monkeypatch.context() as broken:
        broken.setattr("consumers.attempts.TRIES", 1)
        broken.setattr(removing, step, break_off)
        with pytest.raises(RetryLater):
            purge(live)
    report = live.audit()
    assert report.is_clean, report.findings

    purge(live)

    assert numbers(room) == [3]
    assert collection("message_search").count_documents({}) == 0
    check_sound(live)


def test_a_killed_run_is_finished_by_the_next(live: Live, conversation: MakeConversation) -> None:
    rooms = [conversation() for _ in range(6)]
    for each in rooms:
        send(live, each, *(f"old {number}" for number in range(400)))
    live.drain()
    for each in rooms:
        live.expire(each)
    keep()

    with running(manage("purge_messages"), live.pipeline.variables) as process:
        has_begun = {"purgedSeq": {"$gt": 0}}
        wait_until(
            lambda: collection("conversations").find_one(has_begun), "its begin", seconds=120
        )
        process.kill()
    purge(live)

    assert collection("messages").count_documents({}) == 0
    assert [head(each)["purgedSeq"] for each in rooms] == [400] * len(rooms)
    report = live.audit()
    assert report.is_clean, report.findings


def test_it_may_run_beside_a_consumer(live: Live, conversation: MakeConversation) -> None:
    rooms = [conversation() for _ in range(3)]
    for each in rooms:
        send(live, each, *(f"old {number}" for number in range(200)))
    live.drain()
    for each in rooms:
        live.expire(each)
        send(live, each, *("young" for _ in range(50)), sent_at=moment(1))
    keep()

    with live.consuming():
        assert counts(purge(live)) == (3, 600)
    live.drain()

    assert [numbers(each) for each in rooms] == [list(range(201, 251))] * 3
    check_sound(live)


def test_a_consumer_that_read_before_the_border_moved_reads_again(live: Live, room: str) -> None:
    """Else it would write back the last message that it read, which is purged."""
    send(live, room, "old")
    live.drain()
    as_read = heads.read_heads([room])[room]
    removing._move_border(room, 1)

    update = heads.HeadUpdate(as_read, 2, as_read.last_message, max(as_read.marks.values()))

    assert heads.update_heads([update]) is False
    assert head(room)["lastMessage"] is None

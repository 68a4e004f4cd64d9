"""What a purge removes on real Kafka, MongoDB and Redis, and that nothing else goes."""

from pathlib import Path

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers.search.index import bring_in
from conversations.unread import unread_counts
from tests.consumers.conftest import head, stored
from tests.consumers.events import event
from tests.retention.lives import Live, content, numbers
from tests.retention.purges import (
    LONG_AGO,
    change_of,
    check_sound,
    counts,
    keep,
    moment,
    purge,
    send,
)
from tests.retention.stored_files import store_file

pytestmark = pytest.mark.usefixtures("live")


def test_the_old_go_and_the_young_stay_with_their_numbers(live: Live, room: str) -> None:
    old = send(live, room, *(f"old {number}" for number in range(6)))
    change_of(live, room, "Pinned", old[2])
    change_of(live, room, "Edited", old[1], content="old and edited")
    change_of(live, room, "ReactionAdded", old[0], emojiCode="👍", userId="user-2")
    live.drain()
    live.expire(room)
    young = send(live, room, "young", sent_at=moment(1))
    send(
        live, room, "an answer", sent_at=moment(1),
        replyToMessageId=old[4], replyToSenderName="An", replyToContent="old 4", senderId="user-2",
    )  # fmt: skip
    live.drain()
    bring_in([*old, *young])
    keep()
    before = content(live.name)

    assert counts(purge(live, dry_run=True)) == (1, 6)
    assert content(live.name) == before
    assert counts(purge(live)) == (1, 6)

    assert numbers(room) == [7, 8]
    assert (head(room)["lastSeq"], head(room)["purgedSeq"]) == (8, 6)
    assert head(room)["lastMessage"]["content"] == "an answer"
    assert stored(room)[1]["replyTo"] == {"messageId": old[4]}
    assert [each["_id"] for each in collection("message_search").find()] == young
    assert unread_counts([(room, "user-2")]) == {(room, "user-2"): 1}
    check_sound(live)


def test_a_conversation_of_which_all_is_old_goes_on_where_it_was(live: Live, room: str) -> None:
    send(live, room, *(f"old {number}" for number in range(4)))
    live.drain()
    live.expire(room)
    keep()

    assert counts(purge(live)) == (1, 4)

    assert numbers(room) == []
    assert (head(room)["lastSeq"], head(room)["purgedSeq"]) == (4, 4)
    assert head(room)["lastMessage"] is None
    check_sound(live)
    send(live, room, "new", sent_at=moment(0))
    live.drain()
    assert numbers(room) == [5]
    assert live.audit(mend=True).is_clean
    assert head(room)["lastSeq"] == 5


def test_what_the_log_still_holds_stays(live: Live, room: str) -> None:
    send(live, room, "old", "older")
    live.drain()
    live.expire(room)
    last = send(live, room, "old, and just stored")
    live.drain()
    change_of(live, room, "Pinned", stored(room)[0]["_id"])
    live.drain()
    keep()

    purged = purge(live)

    assert (counts(purged), purged.waiting) == ((0, 0), 1)
    assert numbers(room) == [1, 2, 3]
    live.expire(room)
    assert counts(purge(live)) == (1, 3)
    assert collection("messages").find_one({"_id": last[0]}) is None


def test_a_young_message_keeps_the_old_ones_behind_it(live: Live, room: str) -> None:
    """A dead letter that was retried is old, and has a late number: only the beginning goes."""
    send(live, room, "old")
    send(live, room, "young", sent_at=moment(1))
    send(live, room, "old, but retried")
    live.drain()
    live.expire(room)
    keep()

    assert counts(purge(live)) == (1, 1)
    assert numbers(room) == [2, 3]
    check_sound(live)


def test_a_replay_and_a_second_run_change_nothing(live: Live, room: str) -> None:
    send(live, room, "old", "old too")
    live.drain()
    live.expire(room)
    send(live, room, "young", sent_at=moment(1))
    live.drain()
    keep()
    purge(live)
    before = content(live.name)

    assert counts(purge(live)) == (0, 0)
    live.replay()

    assert content(live.name) == before


def test_a_late_change_of_a_purged_message_is_a_dead_letter_and_no_difference(
    live: Live,
    room: str,
) -> None:
    old = send(live, room, "old")
    live.drain()
    live.expire(room)
    keep()
    purge(live)

    change_of(live, room, "ReactionAdded", old[0], emojiCode="👍")
    live.drain()

    [letter] = collection("dead_letters").find({"messageId": old[0]})
    assert letter["reason"] == "unknown_target"
    report = live.audit()
    assert report.is_clean, report.findings


def test_a_purged_messages_dead_letter_is_closed_by_who_purges(live: Live, room: str) -> None:
    old = send(live, room, "old")
    live.drain()
    live.expire(room)
    keep()
    collection("dead_letters").insert_one({"_id": "t:0:0", "messageId": old[0]})

    purge(live)

    letter = collection("dead_letters").find_one({"_id": "t:0:0"}) or {}
    assert (letter["closedHow"], letter["closedBy"]) == ("discarded", "Mai")


def test_files_go_with_their_messages(live: Live, room: str, folder: Path) -> None:
    mine, foreign = (store_file(folder, owner) for owner in (new_id(), new_id()))
    attachments = [{"attachmentId": id_, "fileName": "a.pdf"} for id_, _ in (mine, foreign)]
    body = event(room, content="", sentAt=LONG_AGO, type="File", attachments=attachments)
    own = {"$set": {"messageId": body["messageId"]}}
    collection("attachments").update_one({"_id": mine[0]}, own)
    live.pipeline.produce([body])
    live.drain()
    live.expire(room)
    keep()

    assert purge(live).files == 1

    assert not mine[1].exists()
    assert collection("attachments").find_one({"_id": mine[0]}) is None
    assert foreign[1].exists(), "another message's file, whatever an event names"

"""`manage.py purge_messages` on real Kafka, MongoDB and Redis: what goes, and that nothing else does."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.timestamps import now
from consumers import heads
from consumers.errors import Refused, RetryLater
from consumers.retention import removing
from consumers.retention.horizon import least_days, read_horizon
from consumers.retention.purging import Purged
from consumers.retention.running import plans, run
from consumers.search.index import bring_in
from conversations.services import retention
from conversations.unread import unread_counts
from tests.consumers.conftest import head, stored
from tests.consumers.events import change, event
from tests.processes import manage, running
from tests.retention.lives import Live, MakeConversation, content, numbers
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("live")

LONG_AGO = "2025-01-10T08:00:00Z"
DAYS = 30


def moment(days_ago: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()


def send(live: Live, room: str, *texts: str, sent_at: str = LONG_AGO, **more: Any) -> list[str]:
    bodies = [event(room, content=text, sentAt=sent_at, **more) for text in texts]
    live.pipeline.produce(bodies)
    return [body["messageId"] for body in bodies]


def change_of(live: Live, room: str, kind: str, message_id: str, **more: Any) -> None:
    body = change(room, messageId=message_id, **more)
    live.pipeline.produce([body], event_type=f"Message{kind}Event")


def keep(days: int = DAYS, tenant_id: str = "tenant-1") -> None:
    retention.set_retention(tenant_id, days, by="Mai", reason="the school's rule")


def purge(
    live: Live,
    *,
    dry_run: bool = False,
    tenant_id: str = "tenant-1",
    before: datetime | None = None,
) -> Purged:
    """In this process, which can be broken off at any step."""
    horizon = read_horizon(live.environment)
    planned = plans(horizon, now=now(), tenant_id=tenant_id, before=before)
    [purged] = run(planned, horizon, dry_run=dry_run, by="Mai", on_conversations=lambda _: None)
    return purged


def counts(purged: Purged) -> tuple[int, int]:
    return purged.conversations, purged.messages


def check_sound(live: Live) -> None:
    """No difference in the live database, and none in one that is rebuilt."""
    report = live.audit()
    assert report.is_clean, report.findings
    live.rebuild()
    assert content(live.into)["messages"] == content(live.name)["messages"]
    fields = ("_id", "lastSeq", "lastMessage", "purgedSeq", "log")
    found = [
        [{name: each.get(name) for name in fields} for each in content(name)["conversations"]]
        for name in (live.into, live.name)
    ]
    assert found[0] == found[1]


@pytest.fixture
def room(conversation: MakeConversation) -> str:
    return conversation(names={"user-1": "An", "user-2": "Bình"})


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
    assert stored(room)[1]["replyTo"] == {"messageId": old[4], "senderName": "An"}
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


def store_file(folder: Path, message_id: str) -> tuple[str, Path]:
    """As an upload leaves it: gives the attachment's id and where its file lies."""
    attachment_id, attempt = new_id(), new_id()
    path = folder / attempt[-2:] / attempt
    path.parent.mkdir(parents=True)
    path.write_bytes(b"%PDF-")
    collection("attachments").insert_one(
        {
            "_id": attachment_id,
            "tenantId": "tenant-1",
            "senderId": "user-1",
            "messageId": message_id,
            "fileName": "a.pdf",
            "fileSize": 5,
            "attempts": [attempt],
            "file": attempt,
            "touchedAt": now(),
        }
    )
    return attachment_id, path


def test_a_held_conversation_keeps_everything_until_it_is_released(live: Live, room: str) -> None:
    send(live, room, "old")
    live.drain()
    live.expire(room)
    keep()
    retention.hold(room, by="Mai", reason="a complaint")

    assert (purge(live).held, numbers(room)) == (1, [1])

    retention.release(room, by="Mai", reason="it is over")
    assert counts(purge(live)) == (1, 1)
    noted = list(collection("audit_log").find({"tenantId": "tenant-1"}).sort("at", 1))
    assert [(each["action"], each["by"]) for each in noted] == [
        ("set retention", "Mai"),
        ("hold conversation", "Mai"),
        ("release conversation", "Mai"),
        ("purge messages", "Mai"),
    ]
    assert noted[3]["details"]["messages"] == 1


def test_other_schools_are_left_alone(live: Live, conversation: MakeConversation) -> None:
    other = conversation(tenant_id="tenant-2")
    send(live, other, "old", tenant_id="tenant-2")
    live.drain()
    live.expire(other)
    keep()

    assert counts(purge(live)) == (0, 0)
    assert numbers(other) == [1]
    with pytest.raises(Refused, match="keeps everything for ever"):
        purge(live, tenant_id="tenant-2")
    assert counts(purge(live, tenant_id="tenant-2", before=now() - timedelta(days=DAYS))) == (1, 1)


def test_a_retention_within_the_log_is_refused(live: Live) -> None:
    keep(days=7)  # as it may be after somebody has raised the topic's retention

    with pytest.raises(Refused, match="7 days, is too short: at least 8 days"):
        purge(live)
    with pytest.raises(Refused, match=r"--before .* is too short"):
        purge(live, before=now() - timedelta(days=3))
    assert least_days(1, "topic") == 2
    with pytest.raises(Refused, match="keeps its records for ever"):
        least_days(-1, "topic")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["retention", "--tenant", "t", "--days", "7"], "too short: at least 8, the retention"),
        (["retention", "--days", "30"], "goes with --tenant"),
        (
            ["retention", "--tenant", "t", "--days", "soon"],
            "a whole number from 1 to .*, or forever",
        ),
        (["purge_messages", "--before", "2025-01-01"], "goes with --tenant"),
        (["purge_messages", "--tenant", "t", "--before", "2025-01-01"], "say --yes"),
        (["purge_messages", "--tenant", "t"], "keeps everything for ever"),
    ],
    ids=["within the log", "no school", "no number", "no school", "no terminal", "nothing to do"],
)
def test_wrong_arguments_are_refused(live: Live, command: list[str], told: str) -> None:
    with pytest.raises(CommandError, match=told) as refused:
        call_command(*command)

    assert refused.value.returncode in (1, 2)  # 1: the parser's, which ends a process with 2


def test_the_commands_tell_what_is_kept_and_what_went(
    live: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*command: str) -> str:
        call_command(*command)
        return capsys.readouterr().out

    assert told("retention") == "every school keeps its messages for ever\n"
    assert told("purge_messages") == "no school has a retention: nothing to purge\n"
    who = ("retention", "--tenant", "tenant-1")
    assert told(*who, "--days", "400", "--by", "Mai") == "tenant-1: 400 days\n"
    assert "tenant-1: removed 0 messages before 20" in told("purge_messages")
    assert told(*who, "--json") == '[{"tenantId":"tenant-1","days":400}]\n'
    assert told(*who, "--days", "forever") == "tenant-1: for ever\n"
    assert told("purge_messages", "--json") == '{"dryRun":false,"tenants":[]}\n'


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

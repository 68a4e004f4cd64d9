"""What edits, deletions, reactions, pins and reads leave in MongoDB (design section 5, step 6)."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers import heads
from consumers.errors import RetryLater
from tests.consumers.conftest import Consumer, Log, head, stored
from tests.consumers.dying import die

MakeConversation = Callable[..., str]

CHANGED_AT = datetime(2025, 11, 7, 10, 5, tzinfo=UTC)

EDITED, DELETED = "MessageEditedEvent", "MessageDeletedEvent"
REACTED, UNREACTED = "MessageReactionAddedEvent", "MessageReactionRemovedEvent"
PINNED, UNPINNED = "MessagePinnedEvent", "MessageUnpinnedEvent"
READ = "MessagesReadEvent"


@pytest.fixture
def room(conversation: MakeConversation) -> str:
    return conversation(names={"user-1": "An", "user-2": "Bình"})


def letters(consumer: Consumer) -> list[str]:
    return [letter.poison.reason.value for letter in consumer.dead_letters.letters]


def test_an_edit_replaces_the_text_keeps_the_old_one_and_tells_when(
    log: Log, consumer: Consumer, room: str
) -> None:
    message_id = log.send(room, content="Xin chao")
    log.change(EDITED, room, messageId=message_id, content="$Xin chào")

    consumer.apply(log.records)

    [document] = stored(room)
    assert (document["content"], document["editedAt"]) == ("$Xin chào", CHANGED_AT)
    assert document["history"] == [{"content": "Xin chao", "until": CHANGED_AT}]
    assert document["rev"]["o"] == log.records[1].offset
    assert head(room)["lastMessage"]["content"] == "$Xin chào"


def test_a_deletion_leaves_the_place_and_nothing_that_was_said(
    log: Log, consumer: Consumer, room: str
) -> None:
    first = log.send(room, content="one")
    message_id = log.send(room, content="two", mentions=[{"userId": "user-2", "userName": "Bình"}])
    reply = log.send(room, content="re", replyToMessageId=message_id, replyToContent="two")
    log.change(EDITED, room, messageId=message_id, content="two and a half")
    log.change(REACTED, room, messageId=message_id, emojiCode="👍")
    log.change(PINNED, room, messageId=message_id)
    log.change(DELETED, room, messageId=message_id)
    log.change(DELETED, room, messageId=reply)

    consumer.apply(log.records)

    one, two, _ = stored(room)
    assert (two["content"], two["isDeleted"], two["deletedBy"]) == ("", True, "user-1")
    assert not {"history", "mentions", "reactions", "isPinned", "editedAt"} & two.keys()
    assert head(room)["lastMessage"]["messageId"] == first == one["_id"]
    assert head(room)["lastSeq"] == 3


def test_a_deletion_blanks_the_quotes_of_the_message(
    log: Log, consumer: Consumer, room: str
) -> None:
    message_id = log.send(room, content="secret")
    log.send(room, content="earlier reply", replyToMessageId=message_id)
    consumer.apply(log.records)
    log.change(DELETED, room, messageId=message_id)
    log.send(room, content="later reply", replyToMessageId=message_id, replyToContent="secret")

    consumer.apply(log.records[2:])

    quotes = [document["replyTo"] for document in stored(room)[1:]]
    assert [quote["messageId"] for quote in quotes] == [message_id] * 2
    assert not any("content" in quote for quote in quotes)


def test_nothing_happens_to_a_deleted_message(log: Log, consumer: Consumer, room: str) -> None:
    message_id = log.send(room)
    log.change(DELETED, room, messageId=message_id)
    consumer.apply(log.records)
    before = stored(room)
    for kind in (EDITED, REACTED, UNREACTED, PINNED, UNPINNED, DELETED):
        log.change(kind, room, messageId=message_id, content="back", emojiCode="👍")

    consumer.apply(log.records[2:])

    assert stored(room) == before
    assert letters(consumer) == []


def test_a_user_reacts_once_with_each_emoji_and_takes_it_back(
    log: Log, consumer: Consumer, room: str
) -> None:
    message_id = log.send(room)
    for user, emoji in (("user-1", "$a"), ("user-2", "$a"), ("user-1", "$a"), ("user-1", "b")):
        log.change(REACTED, room, messageId=message_id, userId=user, emojiCode=emoji)
    log.change(UNREACTED, room, messageId=message_id, userId="user-1", emojiCode="b")

    consumer.apply(log.records)

    [document] = stored(room)
    reactions = [(each["userId"], each["emojiCode"]) for each in document["reactions"]]
    assert reactions == [("user-1", "$a"), ("user-2", "$a")]
    assert document["reactions"][0]["reactedAt"] == CHANGED_AT

    for user in ("user-1", "user-2"):
        log.change(UNREACTED, room, messageId=message_id, userId=user, emojiCode="$a")
    consumer.apply(log.records[6:])
    assert "reactions" not in stored(room)[0], "empty is absent"


def test_the_first_pin_counts_until_it_is_taken_off(
    log: Log, consumer: Consumer, room: str
) -> None:
    message_id = log.send(room)
    log.change(PINNED, room, messageId=message_id)
    log.change(PINNED, room, messageId=message_id, userId="user-2", at="2025-11-07T11:00:00Z")
    consumer.apply(log.records)
    [document] = stored(room)
    assert (document["isPinned"], document["pinnedBy"]) == (True, "user-1")
    assert document["pinnedAt"] == CHANGED_AT

    log.change(UNPINNED, room, messageId=message_id)
    consumer.apply(log.records[3:])
    assert not {"isPinned", "pinnedBy", "pinnedAt"} & stored(room)[0].keys()


def test_a_read_position_only_goes_up(log: Log, consumer: Consumer, room: str) -> None:
    def position() -> Any:
        found = collection("participants").find_one({"conversationId": room, "userId": "user-2"})
        return (found or {})["readSeq"]

    for _ in range(3):
        log.send(room)
    for seq in (1, 3, 2):
        log.change(READ, room, userId="user-2", upToSeq=seq, readAt="2025-11-07T10:06:00Z")
    consumer.apply(log.records)
    assert position() == 3
    mark = head(room)["log"]

    log.change(READ, room, userId="user-2", upToSeq=1, readAt="2025-11-07T10:07:00Z")
    consumer.apply(log.records[6:])
    assert position() == 3
    assert head(room)["log"] == mark, "a batch of reads moves no mark"


@pytest.mark.parametrize("kind", [EDITED, DELETED, REACTED, PINNED])
def test_a_change_without_its_message_is_a_dead_letter(
    log: Log, consumer: Consumer, conversation: MakeConversation, room: str, kind: str
) -> None:
    elsewhere, late = log.send(conversation()), new_id()
    fields = {"content": "x", "emojiCode": "x"}
    log.change(kind, room, messageId="nothing", **fields)
    log.change(kind, room, messageId=elsewhere, **fields)
    log.change(kind, room, messageId=late, **fields)
    log.send(room, messageId=late)

    consumer.apply(log.records)

    assert letters(consumer) == ["unknown_target"] * 3
    partition = log.records[-1].partition
    assert head(room)["log"][f"p{partition}"]["o"] == log.records[-1].offset


def test_redelivery_in_any_cut_changes_nothing(log: Log, consumer: Consumer, room: str) -> None:
    ids = [log.send(room, content=f"{n}") for n in range(3)]
    log.change(EDITED, room, messageId=ids[0], content="a")
    log.change(REACTED, room, messageId=ids[0], emojiCode="x")
    log.change(EDITED, room, messageId=ids[0], content="b")
    log.change(UNREACTED, room, messageId=ids[0], emojiCode="x")
    log.change(DELETED, room, messageId=ids[2])
    consumer.apply(log.records)
    before = stored(room), head(room)

    for start, end in itertools.combinations(range(len(log.records) + 1), 2):
        Consumer(log.topic).assigned().apply(log.records[start:end])

    assert (stored(room), head(room)) == before


def test_what_a_crash_left_half_done_is_finished(
    log: Log, consumer: Consumer, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [log.send(room, content=f"{n}") for n in range(2)]
    log.change(EDITED, room, messageId=ids[1], content="a")
    log.change(DELETED, room, messageId=ids[1])
    with monkeypatch.context() as patch:
        patch.setattr(heads, "update_heads", die)
        with pytest.raises(RetryLater):
            consumer.apply(log.records)

    Consumer(log.topic).assigned().apply(log.records)

    assert stored(room)[1]["isDeleted"]
    assert head(room)["lastMessage"]["messageId"] == ids[0]
    assert head(room)["lastSeq"] == 2


def test_a_zombie_does_not_bring_an_old_text_back(
    log: Log, consumer: Consumer, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = log.send(room)
    consumer.apply(log.records)
    log.change(EDITED, room, messageId=message_id, content="old")
    log.change(EDITED, room, messageId=message_id, content="new")
    from consumers import writer

    apply_changes = writer.apply_changes
    owner = Consumer(log.topic).assigned()

    def owner_first(changes: Any) -> Any:
        monkeypatch.setattr(writer, "apply_changes", apply_changes)
        owner.apply(log.records[1:])
        return apply_changes(changes)

    monkeypatch.setattr(writer, "apply_changes", owner_first)
    consumer.apply(log.records[1:2])

    assert stored(room)[0]["content"] == "new"
    assert head(room)["lastMessage"]["content"] == "new"

"""What a person's export holds of others: what their own texts and quotes say, and no more."""

from pathlib import Path
from typing import Any

import pytest

from chat_project.mongodb import collection
from consumers.evidence.records import without_people
from conversations.values import ConversationType
from tests.consumers.events import change, event
from tests.retention.lives import Live, MakeConversation
from tests.retention.test_exporting import export, of_kind, records

OTHER = "Bình Phương"
PEOPLE = {"user-1": "An", "user-2": OTHER}
AT_OTHER = {"userId": "user-2", "userName": OTHER, "startIndex": 0, "length": 5}
AT_THEMSELVES = {"userId": "user-1", "userName": "An", "startIndex": 10, "length": 3}


def send(live: Live, room: str, sender: str, text: str, **more: Any) -> str:
    body = event(room, senderId=sender, senderName=PEOPLE[sender], content=text, **more)
    live.pipeline.produce([body])
    return str(body["messageId"])


def change_of(live: Live, room: str, kind: str, message_id: str, user: str, **more: Any) -> None:
    body = change(room, messageId=message_id, userId=user, userName=PEOPLE[user], **more)
    live.pipeline.produce([body], event_type=f"Message{kind}Event")


@pytest.fixture
def exported(live: Live, conversation: MakeConversation, tmp_path: Path) -> Path:
    """Of user-1, of whom everything has to do with user-2."""
    room, pair = conversation(names=PEOPLE), conversation(names=PEOPLE)
    two = {"type": "OneToOne", "name": f"An - {OTHER}"}
    collection("conversations").update_one({"_id": pair}, {"$set": two})
    theirs = send(live, room, "user-2", "thầy ơi")
    answer = {"replyToMessageId": theirs, "replyToContent": "thầy ơi"}
    mentions = [AT_OTHER, AT_THEMSELVES]
    said = send(live, room, "user-1", "@Bình ơi, @An", mentions=mentions, **answer)
    change_of(live, room, "ReactionAdded", said, "user-2", emojiCode="❤")
    change_of(live, room, "ReactionAdded", said, "user-1", emojiCode="👍")
    change_of(live, room, "Pinned", said, "user-2")
    gone = send(live, room, "user-1", "bậy bạ")
    change_of(live, room, "Deleted", gone, "user-2")
    send(live, pair, "user-2", "@An hai", mentions=[{**AT_THEMSELVES, "startIndex": 0}])
    live.drain()
    folder, who = tmp_path / "export", ("--tenant", "tenant-1", "--user", "user-1")
    export("export_person", *who, "--output", str(folder), "--by", "Mai", "--reason", "they asked")
    return folder


def test_the_own_message_is_whole_without_who_reacted_pinned_or_is_mentioned(
    exported: Path,
) -> None:
    said, gone = of_kind(exported, "message")

    assert said["content"] == "@Bình ơi, @An"
    assert said["mentions"][0] == {"startIndex": 0, "length": 5}
    assert said["mentions"][1]["userId"] == "user-1"
    assert [(each["userId"], each["emojiCode"]) for each in said["reactions"]] == [("user-1", "👍")]
    assert (said["isPinned"], "pinnedAt" in said, "pinnedBy" in said) == (True, True, False)
    assert (said["replyTo"]["content"], said["replyTo"]["senderName"]) == ("thầy ơi", OTHER)
    assert (gone["isDeleted"], "deletedAt" in gone, "deletedBy" in gone) == (True, True, False)


def test_nobody_else_is_named_but_in_the_own_quote(exported: Path) -> None:
    lines, page = (exported / "export.jsonl").read_text(), (exported / "export.html").read_text()

    assert "user-2" not in lines + page
    assert (lines.count(OTHER), page.count(OTHER)) == (1, 1)
    for each in records(exported):
        each.pop("replyTo", None)
        assert OTHER not in str(each)


def test_a_mention_says_where_and_not_by_whom(exported: Path) -> None:
    [mention] = of_kind(exported, "mention")

    assert mention.keys() == {"record", "messageId", "conversationId", "seq", "sentAt"}


CALLED_AFTER_PEOPLE = {ConversationType.ONE_TO_ONE, ConversationType.STUDENT_GROUP}


@pytest.mark.parametrize("kind", ConversationType)
def test_a_conversation_is_named_unless_people_are_its_name(kind: ConversationType) -> None:
    told = without_people({"_id": "c", "type": kind.value, "name": "Student: Bé An"})

    assert ("name" not in told) == (kind in CALLED_AFTER_PEOPLE)
    assert (told["_id"], told["type"]) == ("c", kind)

"""Texts that an import brought may be longer than those that are sent: an erasure ends with them, too."""

import pytest

from chat_project.mongodb import collection
from conversations.erased import ERASED_NAME
from messaging.changes import MAX_REDACTED_UTF16_UNITS
from messaging.events import MAX_CONTENT_UTF16_UNITS
from tests.consumers.conftest import head, stored
from tests.retention.erasures import HER, NAME, OTHER, Erasure, mention, texts
from tests.retention.lives import MakeConversation

LONG = "dài " * (MAX_CONTENT_UTF16_UNITS // 4)


@pytest.fixture
def room(conversation: MakeConversation) -> str:
    return conversation(names={HER: NAME, OTHER: "Lê Hoa"})


def lengthen(message_id: str, content: str) -> None:
    """As an import keeps it; no client could send it."""
    collection("messages").update_one({"_id": message_id}, {"$set": {"content": content}})


def test_a_long_text_that_mentions_her_is_redacted(erasure: Erasure, room: str) -> None:
    message_id = erasure.say(room, **mention("Chào", ""))
    erasure.live.drain()
    lengthen(message_id, f"{LONG}{NAME}")

    assert erasure.run().changes == 1

    assert texts(room) == [f"{LONG}{'█' * len(NAME)}"]
    assert head(room)["lastMessage"]["content"] == texts(room)[0]
    assert collection("dead_letters").count_documents({}) == 0


def test_a_text_of_the_system_may_become_longer_than_a_client_may_send(
    erasure: Erasure, room: str
) -> None:
    told = LONG[: MAX_CONTENT_UTF16_UNITS - len(NAME)] + NAME
    erasure.tell(room, told)
    erasure.live.drain()

    assert erasure.run().changes == 1

    assert texts(room) == [told.replace(NAME, ERASED_NAME)]
    assert len(texts(room)[0]) > MAX_CONTENT_UTF16_UNITS
    report = erasure.live.audit()
    assert report.is_clean, report.findings


def test_what_no_record_has_room_for_is_deleted(erasure: Erasure, room: str) -> None:
    message_id = erasure.say(room, **mention("Chào", ""))
    erasure.live.drain()
    lengthen(message_id, "█" * MAX_REDACTED_UTF16_UNITS + f" {NAME}")

    assert erasure.run().changes == 1

    [message] = stored(room)
    assert (message["isDeleted"], message["content"]) == (True, "")
    assert collection("dead_letters").count_documents({}) == 0


def test_the_longest_redaction_fits_into_a_record(erasure: Erasure, room: str) -> None:
    message_id = erasure.say(room, **mention("Chào", ""))
    erasure.live.drain()
    longest = "\x01" * (MAX_REDACTED_UTF16_UNITS - len(NAME)) + NAME
    lengthen(message_id, longest)

    assert erasure.run().changes == 1

    assert texts(room) == [longest.replace(NAME, "█" * len(NAME))]

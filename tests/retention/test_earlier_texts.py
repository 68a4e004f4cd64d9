"""Who is erased is named no longer by what a message said before, and by what replies quote of it."""

from typing import Any

import pytest

from chat_project.mongodb import collection
from conversations.erased import ERASED_NAME
from tests.consumers.conftest import stored
from tests.retention.erasures import HER, NAME, OTHER, Erasure, mention, texts
from tests.retention.lives import MakeConversation


@pytest.fixture
def room(conversation: MakeConversation) -> str:
    return conversation(names={HER: NAME, OTHER: "Lê Hoa"})


def answer(erasure: Erasure, room: str, message_id: str) -> None:
    erasure.say(room, "vâng", replyToMessageId=message_id)


def test_an_earlier_text_goes_and_its_quote_becomes_the_present_one(
    erasure: Erasure, room: str
) -> None:
    message_id = erasure.say(room, **mention(f"@{NAME} xin chào", f"@{NAME}"))
    answer(erasure, room, message_id)
    erasure.edit(room, message_id, "xin chào mọi người")
    erasure.live.drain()
    assert stored(room)[1]["replyTo"]["content"] == f"@{NAME} xin chào"

    erasure.run()

    named, reply = stored(room)
    assert named["content"] == reply["replyTo"]["content"] == "xin chào mọi người"
    assert "history" not in named
    assert erasure.run().changes == 0
    report = erasure.live.audit()
    assert report.is_clean, report.findings


def test_a_quote_alone_is_reason_enough(erasure: Erasure, room: str) -> None:
    message_id = erasure.say(room, **mention("xin chào", ""))
    answer(erasure, room, message_id)
    erasure.live.drain()
    quote = {"replyTo.content": f"@{NAME} xin chào"}
    collection("messages").update_one({"replyTo.messageId": message_id}, {"$set": quote})

    assert erasure.run().changes == 1

    assert [each.get("replyTo", {}).get("content") for each in stored(room)] == [None, "xin chào"]


def test_a_message_that_does_not_name_her_keeps_its_earlier_text(
    erasure: Erasure, room: str
) -> None:
    message_id = erasure.say(room, **mention("xin chao", ""))
    erasure.edit(room, message_id, "xin chào")
    erasure.live.drain()

    assert erasure.run().changes == 0

    [message] = stored(room)
    assert [each["content"] for each in message["history"]] == ["xin chao"]


SHOWN: dict[str, tuple[dict[str, Any], str]] = {
    "behind the sign": (mention("Chào @Nga, Nga ơi", "@Nga"), "Chào @███, ███ ơi"),
    "without the sign": (mention("Nga ơi, cô Lan đâu", "Nga"), "███ ơi, cô Lan đâu"),
    "in UTF-16 units": (mention("👍 @Nga", "@Nga", startIndex=3), "👍 @███"),
    "within a word": (mention("Ngân ơi", "Ng"), "Ngân ơi"),
    "beyond the end": (mention("Nga ơi", "", startIndex=90, length=9), "Nga ơi"),
}


@pytest.mark.parametrize(("fields", "left"), SHOWN.values(), ids=SHOWN.keys())
def test_what_a_mention_marks_is_her_name_in_that_message(
    erasure: Erasure, room: str, fields: dict[str, Any], left: str
) -> None:
    erasure.say(room, **fields)
    erasure.say(room, "Nga là sông")
    erasure.live.drain()

    erasure.run()

    assert texts(room) == [left, "Nga là sông"]


def test_marks_are_not_believed_of_another_text_than_their_own(erasure: Erasure, room: str) -> None:
    message_id = erasure.say(room, **mention("Nga ơi mai học", "Nga"))
    erasure.edit(room, message_id, "Mai các bạn học, Nga ạ")
    still = erasure.say(room, **mention("@Nga ơi", "@Nga"))
    erasure.edit(room, still, "@Nga à")
    erasure.live.drain()

    erasure.run()

    assert texts(room) == ["Mai các bạn học, ███ ạ", "@███ à"]
    assert erasure.run().changes == 0


def test_a_quoted_text_of_the_system_loses_the_name(erasure: Erasure, room: str) -> None:
    message_id = erasure.tell(room, f"Lê Hoa đã thêm {NAME}")
    answer(erasure, room, message_id)
    erasure.live.drain()

    erasure.run()

    told, reply = stored(room)
    assert told["content"] == reply["replyTo"]["content"] == f"Lê Hoa đã thêm {ERASED_NAME}"

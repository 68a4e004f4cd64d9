"""Replies to messages that are not stored: what they quote, and of whom, goes with a purge and an erasure."""

from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import using_database
from consumers.retention.removing import remove
from conversations.erased import ERASED_NAME
from tests.consumers.conftest import head, stored
from tests.retention.erasures import HER, NAME, Erasure
from tests.retention.lives import MakeConversation

SAID = "zqbimat"


@pytest.fixture
def room(conversation: MakeConversation) -> str:
    return conversation(names={HER: NAME, "user-2": "Lê Hoa"})


def answer(erasure: Erasure, room: str, quoted: str, **fields: Any) -> str:
    """As a producer sends it that takes what it quotes from its own user."""
    quoting = {"replyToContent": SAID, "replyToSenderName": NAME}
    return erasure.say(room, "vâng", replyToMessageId=quoted, **{**quoting, **fields})


def quotes(room: str) -> list[dict[str, Any]]:
    return [message["replyTo"] for message in stored(room) if "replyTo" in message]


def test_an_erasure_finds_them_by_the_name(erasure: Erasure, room: str) -> None:
    hers, his = new_id(), new_id()
    answer(erasure, room, hers)
    answer(erasure, room, his, replyToContent="chuyện khác", replyToSenderName="Đỗ Nam")
    erasure.live.drain()

    erasure.run()

    neutral = {"messageId": hers, "senderName": ERASED_NAME}
    other = {"messageId": his, "content": "chuyện khác", "senderName": "Đỗ Nam"}
    assert quotes(room) == [neutral, other]
    report = erasure.live.audit()
    assert report.is_clean, report.findings


def test_nothing_that_handles_the_log_again_brings_them_back(erasure: Erasure, room: str) -> None:
    answer(erasure, room, new_id())
    erasure.live.drain()
    erasure.run()

    erasure.live.replay()
    answer(erasure, room, new_id())
    erasure.live.drain()
    erasure.live.rebuild()

    assert [SAID in str(each) or NAME in str(each) for each in quotes(room)] == [False, False]
    with using_database(erasure.live.into):
        assert [set(each) for each in quotes(room)] == [{"messageId"}, {"messageId"}]
    assert erasure.live.audit(mend=True).is_clean


def test_one_in_a_conversation_that_knows_nothing_else_of_her_is_found(
    erasure: Erasure, room: str, conversation: MakeConversation
) -> None:
    left = conversation(names={"user-2": "Lê Hoa"})
    hers = new_id()
    answer(erasure, left, hers)
    erasure.live.drain()

    erasure.run()

    assert quotes(left) == [{"messageId": hers, "senderName": ERASED_NAME}]
    assert head(left)["erased"] == [HER]


def test_a_namesake_whose_message_is_there_keeps_the_name(
    erasure: Erasure, room: str, conversation: MakeConversation
) -> None:
    elsewhere = conversation(names={"user-2": "Lê Hoa", "user-3": NAME})
    asked = erasure.say(elsewhere, "mấy giờ", senderId="user-3", senderName=NAME)
    answer(erasure, elsewhere, asked)
    erasure.live.drain()

    erasure.run()

    assert quotes(elsewhere) == [{"messageId": asked, "content": "mấy giờ", "senderName": NAME}]
    assert "erased" not in head(elsewhere)


def test_a_purge_takes_the_name_along_also_from_a_rebuilt_database(
    erasure: Erasure, room: str
) -> None:
    old = erasure.say(room, "xin chào", senderId=HER, senderName=NAME)
    erasure.live.drain()
    erasure.live.expire(room)
    answer(erasure, room, old, replyToContent=None)
    erasure.live.drain()
    assert quotes(room)[0]["senderName"] == NAME

    remove(room, stored(room)[:1], by="Mai")

    assert quotes(room) == [{"messageId": old}]
    erasure.live.rebuild()
    with using_database(erasure.live.into):
        assert quotes(room) == [{"messageId": old}]

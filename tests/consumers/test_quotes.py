"""Replies: where the quoted text comes from (contract section 4)."""

from collections.abc import Callable

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from tests.consumers.conftest import Consumer, Log, stored

MakeConversation = Callable[..., str]


def test_a_reply_in_the_same_batch_quotes_the_batch(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation(names={"user-1": "An"})
    quoted = log.send(room, content="Mấy giờ họp?", senderName="wrong")
    log.send(room, replyToMessageId=quoted, replyToContent="what the client claims")

    consumer.apply(log.records)

    assert stored(room)[1]["replyTo"] == {
        "messageId": quoted,
        "content": "Mấy giờ họp?",
        "senderName": "An",
    }


def test_a_reply_to_a_stored_message_quotes_what_is_stored(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation()
    quoted = log.send(room, content="as sent")
    log.send(room, replyToMessageId=quoted.upper(), replyToContent="what the client claims")
    consumer.apply(log.records[:1])
    collection("messages").update_one({"_id": quoted}, {"$set": {"content": "as edited"}})

    consumer.apply(log.records[1:])

    assert stored(room)[1]["replyTo"]["content"] == "as edited"


def test_a_reply_to_a_message_that_nobody_knows_keeps_the_events_quote(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room, unknown = conversation(), new_id()
    log.send(room, replyToMessageId=unknown, replyToContent="once said", replyToSenderName="Bình")

    consumer.apply(log.records)

    assert stored(room)[0]["replyTo"] == {
        "messageId": unknown,
        "content": "once said",
        "senderName": "Bình",
    }


def test_a_reply_into_another_conversation_is_stored_without_a_quote(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room, secret = conversation(), conversation()
    in_batch = log.send(secret, content="secret")
    log.send(room, replyToMessageId=in_batch, replyToContent="guess")
    log.send(room, replyToMessageId=in_batch, replyToContent="guess")

    consumer.apply(log.records[:2])
    consumer.apply(log.records[2:])

    assert len(stored(room)) == 2
    assert not any("replyTo" in document for document in stored(room))
    assert [document["src"]["r"] for document in stored(room)] == [in_batch, in_batch]


def test_a_deleted_message_is_quoted_without_its_content(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation()
    quoted = log.send(room, content="regretted")
    log.send(room, replyToMessageId=quoted, replyToContent="regretted")
    consumer.apply(log.records[:1])
    collection("messages").update_one({"_id": quoted}, {"$set": {"isDeleted": True}})

    consumer.apply(log.records[1:])

    assert "content" not in stored(room)[1]["replyTo"]

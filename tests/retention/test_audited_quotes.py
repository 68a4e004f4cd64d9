"""No reply tells the text of a message that is deleted or purged, and the auditor sees to it."""

import pytest

from chat_project.mongodb import collection
from consumers.audit import Kind
from tests.consumers.conftest import stored
from tests.retention.lives import Live
from tests.retention.purges import change_of, keep, moment, purge, send

SECRET = "the secret"


def quote_again(reply_id: str) -> None:
    """As a reply that was on its way had it."""
    again = {"replyTo.content": SECRET, "replyTo.senderName": "An"}
    collection("messages").update_one({"_id": reply_id}, {"$set": again})


def answer(live: Live, room: str, message_id: str) -> str:
    [reply] = send(live, room, "yes", sent_at=moment(0), replyToMessageId=message_id)
    live.drain()
    return reply


@pytest.mark.parametrize("expired", [False, True])
def test_the_text_of_a_deleted_message_is_found_in_a_quote_and_goes(
    live: Live, room: str, expired: bool
) -> None:
    [message_id] = send(live, room, SECRET, sent_at=moment(0))
    reply = answer(live, room, message_id)
    change_of(live, room, "Deleted", message_id)
    live.drain()
    if expired:
        live.expire(room)
    quote_again(reply)

    assert live.audit().differences == {Kind.WRONG_CONTENT: 1}

    assert live.audit(mend=True).is_clean
    assert "content" not in stored(room)[1]["replyTo"]


@pytest.mark.parametrize("expired", [False, True])
def test_the_text_of_a_purged_message_is_found_in_a_quote_and_goes(
    live: Live, room: str, expired: bool
) -> None:
    [message_id] = send(live, room, SECRET)
    live.drain()
    live.expire(room)
    keep()
    reply = answer(live, room, message_id)
    purge(live)
    if expired:
        live.expire(room)
    quote_again(reply)

    assert live.audit().differences == {Kind.WRONG_CONTENT: 1}

    assert live.audit(mend=True).is_clean
    [kept] = stored(room)
    assert kept["replyTo"] == {"messageId": message_id}


def test_where_nothing_is_purged_a_reply_may_quote_what_its_own_event_does(
    live: Live, room: str
) -> None:
    send(live, room, "yes", replyToMessageId="of another system", replyToContent=SECRET)
    live.drain()

    assert live.audit().is_clean

"""Replies to messages that are not stored: purged ones, and those that became dead letters.

Nothing but the name that they quote tells whose those were.
"""

from collections.abc import Collection, Iterable, Iterator

from chat_project.mongodb import Document, majority_collection
from consumers.attempts import attempt
from consumers.audit.parts import parts

QUOTED_AT_ONCE = 500


def quoting(names: Collection[str]) -> Document:
    """The condition for replies to somebody of one of these names, stored or not."""
    return {"replyTo.senderName": {"$in": sorted(names)}}


def of_unstored(replies: Iterable[Document]) -> Iterator[Document]:
    """Those of these replies (with `replyTo.messageId`) whose message is not there, some hundred at a
    time. Raises RetryLater, StopConsuming."""
    for some in parts(replies, QUOTED_AT_ONCE):
        ids = list({reply["replyTo"]["messageId"] for reply in some})
        with attempt():
            found = majority_collection("messages").find({"_id": {"$in": ids}}, {})
            stored = {message["_id"] for message in found}
        yield from (reply for reply in some if reply["replyTo"]["messageId"] not in stored)

"""The quoted text of replies (design section 5, step 4; contract section 4)."""

from collections.abc import Mapping, Sequence

from chat_project.mongodb import Document, majority_collection
from consumers.decoding import SentMessage

_FIELDS = ("conversationId", "content", "senderName", "isDeleted")


def find_quotes(
    numbered: Sequence[SentMessage], sender_names: Mapping[str, str | None]
) -> dict[str, Document]:
    """Message id -> its `replyTo`, for the replies that get one.

    `numbered` are the messages that get or have a number, in log order; `sender_names` are theirs
    by message id. A quoted message is looked for among the earlier ones of the batch, then in the
    collection (one query, none without a reply), then in the event. One of another conversation
    is never quoted.
    """
    replies = [message for message in numbered if message.event.reply_to_message_id]
    if not replies:
        return {}
    in_batch = {message.id: message for message in numbered}
    targets = {message.event.reply_to_message_id for message in replies}
    stored = {
        document["_id"]: document
        for document in majority_collection("messages").find(
            {"_id": {"$in": list(targets)}}, dict.fromkeys(_FIELDS, 1)
        )
    }
    quotes = {}
    for reply in replies:
        target = in_batch.get(reply.event.reply_to_message_id or "")
        if target is None or _comes_later(target, reply):
            quote = _from_collection(reply, stored)
        elif target.conversation_id == reply.conversation_id:
            quote = _quote(target.id, target.event.content, sender_names.get(target.id))
        else:
            quote = None
        if quote:
            quotes[reply.id] = quote
    return quotes


def _comes_later(target: SentMessage, reply: SentMessage) -> bool:
    """Within one conversation: places of different partitions have no order."""
    return target.conversation_id == reply.conversation_id and target.place > reply.place


def _from_collection(reply: SentMessage, stored: Mapping[str, Document]) -> Document | None:
    event = reply.event
    target_id = event.reply_to_message_id or ""
    document = stored.get(target_id)
    if document is None:
        return _quote(target_id, event.reply_to_content, event.reply_to_sender_name)
    if document["conversationId"] != reply.conversation_id:
        return None
    content = None if document.get("isDeleted") else document.get("content")
    return _quote(target_id, content, document.get("senderName"))


def _quote(message_id: str, content: str | None, sender_name: str | None) -> Document:
    quote = {"messageId": message_id}
    if content:
        quote["content"] = content
    if sender_name:
        quote["senderName"] = sender_name
    return quote

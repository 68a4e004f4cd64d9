"""Texts of messages that are deleted or purged, in the replies to them."""

from chat_project.mongodb import Document, collection, majority_collection
from consumers.audit.findings import Kind
from consumers.audit.parsing import mapping, referred
from consumers.audit.repair.tools import Tools
from conversations.selectors import purged_seq


def clear_quotes(tools: Tools) -> None:
    """As the consumer and the purge leave them: without the text, and of what is purged without the
    sender's name too."""
    for finding in tools.findings("quotes", Kind.WRONG_CONTENT):
        if not finding.text.startswith("it quotes"):
            continue
        key: Document = {
            "_id": referred(finding.message_id),
            "conversationId": finding.conversation_id,
            "replyTo.content": {"$exists": True},
        }
        before = majority_collection("messages").find_one(key)
        if before is None or not (gone := _gone(before)):
            continue
        target = mapping(before["replyTo"]).get("messageId")
        tools.note(finding, f"message {before['_id']}", after={"withoutInReplyTo": gone})
        change = {"$unset": {f"replyTo.{name}": "" for name in gone}}
        done = collection("messages").update_one(
            {**key, "replyTo.messageId": {"$eq": target}}, change
        )
        tools.count(done.modified_count)


def _gone(reply: Document) -> list[str]:
    """What of its quote must not be there."""
    answered = majority_collection("messages").find_one(
        {"_id": mapping(reply["replyTo"]).get("messageId")}, {"conversationId": 1, "isDeleted": 1}
    )
    if answered is None:
        return ["content", "senderName"] if purged_seq(reply["conversationId"]) else []
    is_its_own = answered.get("conversationId") == reply["conversationId"]
    return ["content"] if is_its_own and answered.get("isDeleted") else []

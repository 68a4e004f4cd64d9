"""What clients are told of changes and read positions (contract section 7)."""

from collections.abc import Mapping

from chat_project.mongodb import Document
from chat_project.timestamps import format_timestamp
from consumers.conditions import is_retried
from consumers.decoding import MessageChange
from consumers.positions import Position
from conversations.values import Pair
from messaging.changes import (
    ChangeEvent,
    MessageDeletedEvent,
    MessageEditedEvent,
    MessagePinnedEvent,
    MessageReactionAddedEvent,
    MessageReactionRemovedEvent,
    MessageUnpinnedEvent,
)
from messaging.serializers import message_dto
from realtime.publisher import Announcement, conversation_channel


def of_change(change: MessageChange, documents: Mapping[str, Document]) -> Announcement | None:
    """`documents` are the messages as they are now, by id.

    None for what had no effect: the message is gone, or was deleted before, or has not got the
    reaction (it had no room, or it is taken back already), or the change was retried too late. An
    edit is told with the message as it is, so that an older one never brings back its text.
    """
    document = documents.get(change.event.message_id)
    if document is None or document["conversationId"] != change.conversation_id:
        return None
    is_deletion = isinstance(change.event, MessageDeletedEvent)
    if bool(document.get("isDeleted")) is not is_deletion:
        return None
    if isinstance(change.event, MessageReactionAddedEvent) and not _has_it(change.event, document):
        return None
    if is_retried(change) and not _shows(change.event, document):
        return None
    channel = conversation_channel(change.conversation_id)
    if isinstance(change.event, MessageEditedEvent):
        return Announcement(channel, "MessageEdited", message_dto(document))
    return Announcement(channel, _NAMES[type(change.event)], _told(change))


def _shows(event: ChangeEvent, document: Document) -> bool:
    """Whether the message is as this event leaves it."""
    match event:
        case MessageReactionRemovedEvent():
            return not _has_it(event, document)
        case MessagePinnedEvent() | MessageUnpinnedEvent():
            return bool(document.get("isPinned")) is isinstance(event, MessagePinnedEvent)
        case _:
            return True


def _has_it(
    reaction: MessageReactionAddedEvent | MessageReactionRemovedEvent, document: Document
) -> bool:
    kept = ((each["userId"], each["emojiCode"]) for each in document.get("reactions", ()))
    return (reaction.user_id, reaction.emoji_code) in kept


def of_position(reader: Pair, position: Position) -> Announcement:
    conversation_id, user_id = reader
    data = {
        "conversationId": conversation_id,
        "userId": user_id,
        "upToSeq": position.up_to_seq,
        "readAt": format_timestamp(position.read_at),
    }
    return Announcement(conversation_channel(conversation_id), "MessagesRead", data)


_NAMES: Mapping[type, str] = {
    MessageDeletedEvent: "MessageDeleted",
    MessageReactionAddedEvent: "MessageReacted",
    MessageReactionRemovedEvent: "MessageReacted",
    MessagePinnedEvent: "MessagePinned",
    MessageUnpinnedEvent: "MessageUnpinned",
}


def _told(change: MessageChange) -> Document:
    event = change.event
    data: Document = {
        "messageId": event.message_id,
        "conversationId": event.conversation_id,
        "userId": event.user_id,
        "userName": event.user_name,
        "at": format_timestamp(change.at),
    }
    if isinstance(event, MessageReactionAddedEvent | MessageReactionRemovedEvent):
        data["emojiCode"] = event.emoji_code
        data["isRemoved"] = isinstance(event, MessageReactionRemovedEvent)
    return data

"""Changes that count only under a condition: those that an operator retries.

By then somebody may have changed the same thing anew, in another way. So a retried edit, reaction or
pin counts only if nothing that its message remembers of the same thing happened later, by the moments
that the events tell. A deletion always counts.
"""

from datetime import datetime

from chat_project.mongodb import Document
from consumers.dead_letters import RETRY_OF
from consumers.decoding import MessageChange
from messaging.changes import (
    MessageEditedEvent,
    MessagePinnedEvent,
    MessageReactionAddedEvent,
    MessageReactionRemovedEvent,
    MessageUnpinnedEvent,
)


def is_retried(change: MessageChange) -> bool:
    return change.record.header(RETRY_OF) is not None


def condition_of(change: MessageChange) -> Document | None:
    """What its message must be, as a query; None: whatever it is."""
    if not is_retried(change):
        return None
    not_later = {"$not": {"$gte": change.at}}
    match change.event:
        case MessageEditedEvent():
            return {"editedAt": not_later}
        case MessageReactionAddedEvent():
            return {"unreactedAt": not_later}
        case MessageReactionRemovedEvent(emoji_code=emoji_code, user_id=user_id):
            newer = {"emojiCode": emoji_code, "userId": user_id, "reactedAt": {"$gte": change.at}}
            return {"reactions": {"$not": {"$elemMatch": newer}}}
        case MessagePinnedEvent():
            return {"unpinnedAt": not_later}
        case MessageUnpinnedEvent():
            return {"pinnedAt": not_later}
        case _:
            return None


def edits(change: MessageChange, edited_at: datetime | None) -> bool:
    """Whether an edit meets its condition at a message that was edited last at this time."""
    return not is_retried(change) or edited_at is None or edited_at < change.at

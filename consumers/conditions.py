"""Changes that count only under a condition.

What an operator retries: by then somebody may have changed the same thing anew, in another way. So a
retried edit, reaction or pin counts only if nothing that its message remembers of the same thing
happened later, by the moments that the events tell. A deletion always counts.

An edit that was made from a text which somebody read before: it names what it replaces.
"""

from datetime import datetime

from chat_project.mongodb import Document
from consumers.dead_letters import RETRY_OF
from consumers.decoding import MessageChange
from consumers.records import Place
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
    condition = _nothing_newer(change) if is_retried(change) else {}
    if (replaced := replaced_by(change)) is not None:
        condition |= _still_at(replaced)
    return condition or None


def replaced_by(change: MessageChange) -> Place | None:
    """The last change of the message, or its own place, of which an edit was made."""
    if not isinstance(change.event, MessageEditedEvent) or change.event.replaces is None:
        return None
    replaced = change.event.replaces
    return Place(replaced.t, replaced.p, replaced.o)


def _still_at(place: Place) -> Document:
    def at(field: str) -> Document:
        return {f"{field}.{name}": value for name, value in place._asdict().items()}

    return {"$and": [{"$or": [at("rev"), {"rev": None, **at("src")}]}]}


def _nothing_newer(change: MessageChange) -> Document:
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
            return {}


def edits(change: MessageChange, place: Place, edited_at: datetime | None) -> bool:
    """Whether an edit meets its condition at a message whose last change lies at this place, and that
    was edited last at this time."""
    if replaced_by(change) not in (None, place):
        return False
    return not is_retried(change) or edited_at is None or edited_at < change.at

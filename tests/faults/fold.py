"""What a message must have become: its record and those of its changes, in the order of the log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.logged import Logged

MAX_HISTORY = 50

Mention = tuple[str, int, int]
"""Who, and start and length in UTF-16 code units."""


@dataclass
class MessageHistory:
    """One message; `place` is the last change that counted."""

    content: str
    mentions: list[Mention]
    is_deleted: bool = False
    earlier: list[str] = field(default_factory=list)
    reactions: list[tuple[str, str]] = field(default_factory=list)
    pinned_by: str | None = None
    place: tuple[int, int] | None = None

    def as_stored(self) -> dict[str, Any]:
        return {
            "content": self.content,
            "mentions": self.mentions,
            "isDeleted": self.is_deleted,
            "history": self.earlier[-MAX_HISTORY:],
            "reactions": self.reactions,
            "pinnedBy": self.pinned_by,
            "isPinned": self.pinned_by is not None,
            "isEdited": bool(self.earlier),
            "rev": self.place,
        }

    def apply(self, record: Logged) -> None:
        """Nothing happens to what is deleted."""
        if self.is_deleted:
            return
        self.place = record.place
        body = record.body
        match record.event_type:
            case "MessageEditedEvent":
                self.earlier.append(self.content)
                self.content = body["content"]
                length = len(self.content.encode("utf-16-le")) // 2
                self.mentions = [each for each in self.mentions if each[1] + each[2] <= length]
            case "MessageDeletedEvent":
                self.content, self.is_deleted, self.pinned_by = "", True, None
                self.earlier, self.reactions, self.mentions = [], [], []
            case "MessageReactionAddedEvent":
                if (reaction := (body["emojiCode"], body["userId"])) not in self.reactions:
                    self.reactions.append(reaction)
            case "MessageReactionRemovedEvent":
                gone = (body["emojiCode"], body["userId"])
                self.reactions = [each for each in self.reactions if each != gone]
            case "MessagePinnedEvent":
                self.pinned_by = self.pinned_by or body["userId"]
            case "MessageUnpinnedEvent":
                self.pinned_by = None


def mentions_in(message: Mapping[str, Any]) -> list[Mention]:
    """Of a record's body, or of what is stored."""
    found = message.get("mentions") or ()
    return [(each["userId"], each["startIndex"], each["length"]) for each in found]


def fold(first: Logged, changes: Iterable[Logged]) -> MessageHistory:
    """Changes before the message itself were of no message."""
    history = MessageHistory(first.body.get("content", ""), mentions_in(first.body))
    for record in changes:
        if record.place > first.place:
            history.apply(record)
    return history

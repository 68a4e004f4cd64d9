"""What changes make of a message's text, for who needs it before MongoDB has applied them. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from consumers.conditions import edits
from consumers.decoding import MessageChange
from consumers.records import Place
from messaging.changes import MessageDeletedEvent, MessageEditedEvent


class Wording(NamedTuple):
    """A message's text, None once it is deleted; `place` is its last change's, or its own."""

    content: str | None
    place: Place
    edited_at: datetime | None = None

    def after(self, changes: Iterable[MessageChange]) -> "Wording":
        """These are of this message, in log order; those up to `place` are in it already."""
        wording = self
        for change in changes:
            if wording.content is not None and change.place > wording.place:
                wording = wording._changed(change)
        return wording

    def _changed(self, change: MessageChange) -> "Wording":
        match change.event:
            case MessageDeletedEvent():
                return Wording(None, change.place)
            case MessageEditedEvent(content=content) if edits(change, self.place, self.edited_at):
                return Wording(content, change.place, change.at)
            case _:
                return self._replace(place=change.place)

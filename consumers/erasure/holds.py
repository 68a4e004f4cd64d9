"""What is held back from an erasure: asked anew before each of its steps, for a hold may come while
it works."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import TypeVar

from chat_project.mongodb import majority_collection
from consumers.attempts import attempt, patiently

T = TypeVar("T")


class Holds:
    """Of one look: `met` are the conversations in which something stays, those that it found held
    and those that it met held later. Whatever happens, they stay as they are until the next look."""

    def __init__(self, found: Iterable[str]) -> None:
        self.met = set(found)

    def free(self, things: Sequence[T], conversation_of: Callable[[T], str | None]) -> list[T]:
        """Those whose conversation is not held back at this moment, or that are in none.

        One query for all of them. Raises RetryLater, StopConsuming.
        """
        ids = {id_ for each in things if (id_ := conversation_of(each))} - self.met
        if ids:
            self.met |= patiently(partial(_held_among, ids))
        return [each for each in things if conversation_of(each) not in self.met]


def _held_among(conversation_ids: Collection[str]) -> set[str]:
    query = {"_id": {"$in": list(conversation_ids)}, "isHeld": True}
    with attempt():
        found = majority_collection("conversations").find(query, {"_id": 1})
        return {head["_id"] for head in found}

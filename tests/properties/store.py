"""MongoDB as far as the consumer's own functions show it, in memory: each document is atomic.

Stands in for the functions of `consumers.messages`, `consumers.heads`, `consumers.dead_letters` and
`consumers.topics` that ask the database. Knows nothing of numbering.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec

from consumers.dead_letters import Buried, DeadLetter, DeadLetterTopic, Kept
from consumers.decoding import MessageChange, PositionRead
from consumers.errors import Poison, Reason
from consumers.heads import Head, HeadUpdate
from consumers.messages import InsertOutcome, last_message_of
from consumers.numbering import Stored
from consumers.records import Place
from consumers.topics import Generation, Growth, TopicDescription
from messaging.changes import (
    MessageDeletedEvent,
    MessageEditedEvent,
    MessageReactionAddedEvent,
)

REFUSED_CONTENT = "the database refuses this"
"""Plays a document that MongoDB does not take, whenever it is tried."""


class MemoryStore:
    """Unique by `_id` and by (conversationId, seq); heads change by compare-and-set."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.heads: dict[str, Head] = {}
        self.dead: dict[tuple[int, int], str] = {}
        """(partition, offset) -> reason."""
        self.positions: Counter[str] = Counter()
        """By room; there is one reader."""
        self._kept: dict[str, Kept] = {}
        self._taken: set[tuple[str, int]] = set()

    def add_room(self, room: str, tenant_id: str) -> None:
        self.heads[room] = Head(room, tenant_id, 0, None, {})

    def functions(self) -> dict[str, Any]:
        """By dotted name: what replaces the functions that ask MongoDB."""
        return {
            "consumers.messages.read_stored": self.read_stored,
            "consumers.messages.read_numbers_above": self.read_numbers_above,
            "consumers.messages.read_neighbour_below": self.read_neighbour_below,
            "consumers.messages.insert": self.insert,
            "consumers.messages.read_last_message": self.read_last_message,
            "consumers.writer.apply_changes": self.apply_changes,
            "consumers.writer.move_positions": self.move_positions,
            "consumers.heads.read_heads": self.read_heads,
            "consumers.heads.update_heads": self.update_heads,
            "consumers.dead_letters.read_buried": self.read_buried,
            "consumers.dead_letters.bury": self.bury,
        }

    def read_stored(self, message_ids: Collection[str]) -> dict[str, Stored]:
        found = (self.documents[each] for each in message_ids if each in self.documents)
        return {each["_id"]: _stored(each) for each in found}

    def read_numbers_above(self, last_seq: int, conversation_id: str) -> set[int]:
        return {seq for room, seq in self._taken if room == conversation_id and seq > last_seq}

    def read_neighbour_below(self, conversation_id: str, seq: int) -> dict[str, Any] | None:
        below = [each for each in self.messages_of(conversation_id) if each["seq"] < seq]
        return below[-1] if below else None

    def insert(self, documents: Sequence[dict[str, Any]]) -> InsertOutcome:
        outcome = InsertOutcome()
        for document in documents:
            place = (document["conversationId"], document["seq"])
            if document["content"] == REFUSED_CONTENT:
                outcome.refused[document["_id"]] = "121: refused"
            elif document["_id"] in self.documents or place in self._taken:
                outcome.already_there = True
            else:
                self.documents[document["_id"]] = document
                self._taken.add(place)
        return outcome

    def read_last_message(self, conversation_id: str, last_seq: int) -> dict[str, Any] | None:
        undeleted = [
            each
            for each in self.messages_of(conversation_id)
            if not each.get("isDeleted") and each["seq"] <= last_seq
        ]
        newest = max(undeleted, key=lambda each: (each["sentAt"], each["seq"]), default=None)
        return last_message_of(newest) if newest else None

    def apply_changes(self, changes: Sequence[MessageChange]) -> dict[Place, Poison]:
        for change in changes:
            document, (t, p, o) = self.documents[change.event.message_id], change.place
            rev = document.get("rev")
            if document.get("isDeleted") or (rev and (rev["t"], rev["p"], rev["o"]) >= (t, p, o)):
                continue
            changed = _changed(change, document)
            if changed.get("content") == REFUSED_CONTENT:
                return {change.place: Poison(Reason.REFUSED_BY_DATABASE, "121: refused")}
            self.documents[change.event.message_id] = {
                **document,
                **changed,
                "rev": {"t": t, "p": p, "o": o},
            }
        return {}

    def move_positions(self, reads: Sequence[PositionRead]) -> bool:
        before = self.positions.copy()
        for read in reads:
            room = read.conversation_id
            self.positions[room] = max(self.positions[room], read.event.up_to_seq)
        return all(
            self.positions[read.conversation_id] > before[read.conversation_id] for read in reads
        )

    def position(self, room: str) -> int:
        return self.positions[room]

    def read_heads(self, conversation_ids: Collection[str]) -> dict[str, Head]:
        return {room: self.heads[room] for room in conversation_ids if room in self.heads}

    def update_heads(self, updates: Collection[HeadUpdate]) -> bool:
        matched = [self._compare_and_set(update) for update in updates]
        return all(matched)

    def _compare_and_set(self, update: HeadUpdate) -> bool:
        head, seen, p = self.heads[update.read.conversation_id], update.read, update.mark.p
        if (head.last_seq, head.marks.get(p)) != (seen.last_seq, seen.marks.get(p)):
            return False
        self.heads[head.conversation_id] = msgspec.structs.replace(
            head,
            last_seq=update.last_seq,
            last_message=update.last_message,
            marks={**head.marks, p: update.mark},
        )
        return True

    def read_buried(self, letters: Sequence[DeadLetter]) -> Buried:
        ids = {each.id for each in letters if (each.place.p, each.place.o) in self.dead}
        return Buried(known=frozenset(ids), settled=frozenset(ids & self._kept.keys()))

    def bury(self, letters: Sequence[DeadLetter], buried: Buried, topic: DeadLetterTopic) -> None:
        for letter in letters:
            self.dead.setdefault((letter.place.p, letter.place.o), letter.poison.reason.value)
        missing = [letter for letter in letters if letter.id not in buried.settled]
        if missing:
            self._kept.update(topic.produce(missing))

    def messages_of(self, room: str) -> list[dict[str, Any]]:
        found = [each for each in self.documents.values() if each["conversationId"] == room]
        return sorted(found, key=lambda each: int(each["seq"]))

    def last_seq(self, room: str) -> int:
        return self.heads[room].last_seq or 0

    def last_message(self, room: str) -> tuple[str, datetime] | None:
        last = self.heads[room].last_message
        return (last["messageId"], last["sentAt"]) if last else None

    def mark(self, room: str, partition: int) -> int:
        """The offset up to which the room is done; -1: nothing yet."""
        mark = self.heads[room].marks.get(partition)
        return mark.o if mark else -1

    def dead_letters(self) -> dict[tuple[int, int], str]:
        return self.dead


def _changed(change: MessageChange, document: dict[str, Any]) -> dict[str, Any]:
    match change.event:
        case MessageEditedEvent():
            return {"content": change.event.content}
        case MessageReactionAddedEvent():
            return {"reactions": [change.event.user_id]}
        case MessageDeletedEvent():
            return {"content": "", "isDeleted": True, "deletedAt": change.at, "reactions": []}
        case _:
            return {"reactions": []}


def generation_of(described: TopicDescription) -> Generation:
    return Generation(described.topic, 1, (Growth(described.partitions, {}),))


def _stored(document: dict[str, Any]) -> Stored:
    src = document.get("src") or {"t": -1, "p": -1, "o": -1, "h": b""}
    place = Place(src["t"], src["p"], src["o"])
    return Stored(
        document["seq"], document["conversationId"], document["senderId"], place, bytes(src["h"])
    )

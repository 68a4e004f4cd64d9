"""What is remembered of a conversation's messages while they pass: some bytes each, no content."""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from chat_project.mongodb import Document
from consumers.history.notes import Kind, Notes
from consumers.history.planning import Person, Plan
from consumers.history.reading import OldMessage
from consumers.history.values import guid_of, milliseconds, moment_since_1970
from consumers.messages import last_message_of
from conversations.words import search_words

_NEVER = -(2**62)
"""Before any date, in milliseconds."""


class Passed:
    """The messages of one conversation of the source: when each was sent, and its number here."""

    def __init__(self) -> None:
        self.sent_ms = array("q")
        self.seqs = array("q")
        self.newest: str | None = None
        self.newest_undeleted: str | None = None


class Timeline:
    """The numbered messages of a conversation, in the order of their numbers."""

    def __init__(self, plan: Plan) -> None:
        self.last_seq = 0
        self.last_message: Document | None = None
        self._plan = plan
        self._passed = {source: Passed() for source in plan.task.sources}
        self._deleted = array("q")
        self._own: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))
        self._undeleted_of: defaultdict[str, array[int]] = defaultdict(lambda: array("q"))

    def read_by(self, message: OldMessage, receipts: Sequence[Document]) -> int:
        """Notes who has read the message; gives how many of the receipts are nobody's here."""
        others = 0
        sender_id = guid_of(message.document.get("SenderId"))
        for receipt in receipts:
            person = self._plan.people.get(guid_of(receipt.get("UserId")) or "")
            if person is None:
                others += 1
            elif person.user_id != sender_id:
                _has_read(person, message, moment_since_1970(receipt.get("ReadAt")))
        return others

    def add(self, message: OldMessage, form: Document) -> None:
        """Gives it the next number, which its stored form has."""
        self.last_seq += 1
        passed = self._passed[message.conversation_id]
        passed.sent_ms.append(milliseconds(message.sent_at))
        passed.seqs.append(self.last_seq)
        passed.newest = message.id
        self._own[form["senderId"]].append(self.last_seq)
        if form.get("isDeleted"):
            self._deleted.append(self.last_seq)
            return
        self._undeleted_of[form["senderId"]].append(self.last_seq)
        passed.newest_undeleted = message.id
        self.last_message = last_message_of(form)

    def participants(self, notes: Notes) -> list[Document]:
        """The collection's form of each, with the position that it has read up to."""
        return [self._participant(person, notes) for person in self._plan.people.values()]

    def tell_of_last_messages(self, notes: Notes) -> None:
        for source, told in self._plan.last_messages.items():
            passed = self._passed[source]
            if told not in (passed.newest, passed.newest_undeleted):
                newest = passed.newest_undeleted
                text = f"the last message of {source} is said to be {told}: it is {newest}"
                notes.add(Kind.WRONG_LAST_MESSAGE, text, message_id=told)

    def _participant(self, person: Person, notes: Notes) -> Document:
        joined_at = person.joined_at or self._plan.created_at
        joined_ms = milliseconds(joined_at)
        joined_seq = sum(bisect_left(each.sent_ms, joined_ms) for each in self._passed.values())
        read_seq = max(joined_seq, self._read_seq(person))
        unread = self._unread(person, read_seq)
        if unread != person.unread:
            text = f"{unread} messages are unread, the source counts {person.unread}"
            notes.add(Kind.WRONG_UNREAD, text, user_id=person.user_id)
        return {
            "conversationId": self._plan.id,
            "tenantId": self._plan.tenant_id,
            "userId": person.user_id,
            "userName": person.user_name,
            "words": search_words(person.user_name),
            "role": person.role.value,
            "joinedSeq": joined_seq,
            "readSeq": read_seq,
            "joinedAt": joined_at,
            **({} if person.read_at is None else {"readAt": person.read_at}),
        }

    def _read_seq(self, person: Person) -> int:
        """The last number before the first message that the person has not read, in whichever
        conversation of the source that was. Nobody has to read what they wrote."""
        own = set(self._own.get(person.user_id, ()))
        unread: list[int] = []
        for source, passed in self._passed.items():
            place = bisect_right(passed.sent_ms, person.read_until.get(source, _NEVER))
            later = islice(passed.seqs, place, None)
            unread += islice((seq for seq in later if seq not in own), 1)
        return min(unread) - 1 if unread else self.last_seq

    def _unread(self, person: Person, read_seq: int) -> int:
        """As the API counts it: others' undeleted messages behind the position."""
        own = self._undeleted_of.get(person.user_id, array("q"))
        known = (len(each) - bisect_right(each, read_seq) for each in (self._deleted, own))
        return self.last_seq - read_seq - sum(known)


def _has_read(person: Person, message: OldMessage, read_at: datetime | None) -> None:
    source, until = message.conversation_id, milliseconds(message.sent_at)
    person.read_until[source] = max(until, person.read_until.get(source, until))
    if read_at is not None and (person.read_at is None or read_at > person.read_at):
        person.read_at = read_at

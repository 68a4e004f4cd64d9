"""Steps 2 to 7 of a batch (design section 5): the message writer knows MongoDB and not Kafka.

Every write is idempotent and monotone, so that a redelivery, a re-cut batch or a paused process
that wakes up late changes nothing.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from chat_project.mongodb import Document
from consumers import heads, messages
from consumers.changes import apply_changes
from consumers.dead_letters import DeadLetter
from consumers.decoding import Entry, MessageChange, PositionRead, SentMessage
from consumers.erasure.names import forget_what_is_gone
from consumers.errors import Poison, Reason, RetryLater
from consumers.heads import Head, HeadUpdate
from consumers.numbering import classify, is_newer, newest, with_targets
from consumers.positions import move_positions, within_log
from consumers.quotes import correct_quotes, find_quotes
from consumers.records import Place
from consumers.threads import Thread, move_mark, number_messages, tombstones_of
from conversations.erased import ERASED_NAME
from messaging.changes import MessageDeletedEvent, MessageEditedEvent

MAX_PASSES = 20
"""Passes through steps 2 to 7 before the loop gets to poll Kafka, and one more for each document or
change that the server refused; else a pass repeats only when another process wrote the same
conversations meanwhile."""

Pair = tuple[str, str]
ParticipantNames = Callable[[Collection[Pair]], Mapping[Pair, str]]


class Stored(NamedTuple):
    """A new or kept message and its stored form."""

    message: SentMessage
    document: Document


class Written(msgspec.Struct):
    """What a batch did, for its effects; lists keep the order of the log."""

    stored: list[Stored] = msgspec.field(default_factory=list)
    changes: list[MessageChange] = msgspec.field(default_factory=list)
    reads: list[PositionRead] = msgspec.field(default_factory=list)
    heads: dict[str, Head] = msgspec.field(default_factory=dict)
    """Of the conversations of its reads, by id, as they were before."""
    all_moved: bool = False
    """Whether the furthest of `reads` is where its reader stands now, for each of them."""
    updates: list[HeadUpdate] = msgspec.field(default_factory=list)
    done: list[Entry] = msgspec.field(default_factory=list)
    """At or below a mark already: an earlier attempt finished them."""
    done_heads: dict[str, Head] = msgspec.field(default_factory=dict)
    """The heads of their conversations, by id."""
    duplicates: list[SentMessage] = msgspec.field(default_factory=list)
    dead: list[DeadLetter] = msgspec.field(default_factory=list)


class MessageWriter:
    """Applies decoded records; `participant_names` gives the names that are known of (conversation,
    user) pairs."""

    def __init__(self, participant_names: ParticipantNames) -> None:
        self._participant_names = participant_names

    def apply(
        self,
        batch: Sequence[Entry],
        *,
        check: Callable[[Sequence[DeadLetter]], None],
        bury: Callable[[Sequence[DeadLetter]], None],
    ) -> Written:
        """Stores the batch, which is in log order per partition.

        `check` sees the dead letters of a pass before anything is written and may refuse by
        raising (design section 6: the run); `bury` writes them durably before a mark covers them,
        and before what lies behind a refused change is applied. Raises RetryLater, also after a
        part was written: the whole batch may come again.
        """
        refused: dict[Place, Poison] = {}
        passes = 0
        while passes < MAX_PASSES + len(refused):
            written, threads, kept = look_first(batch, refused)  # steps 2 and 3
            check(written.dead)
            for thread in threads:  # step 4
                number_messages(thread, kept, look_at_held=passes > 0)
            passes += 1
            written.stored = self._stored_forms(threads, written.changes)
            documents = [each.document for each in written.stored]
            if not _insert(documents, threads, kept, refused):
                continue
            bury(written.dead)  # step 5
            correct_quotes(
                [each for each in written.stored if each.message.id in kept],
                [
                    each
                    for each in batch
                    if isinstance(each, MessageChange) and each.place in refused
                ],
            )
            if refused_change := apply_changes(written.changes):  # step 6
                refused |= refused_change
                continue
            written.reads = within_log(written.reads, written.heads, threads)
            written.all_moved = move_positions(written.reads)
            written.updates = _head_updates(threads, documents, written.changes)
            if heads.update_heads(written.updates):  # step 7
                return written
        raise RetryLater(f"other writers were faster in {MAX_PASSES} passes")

    def _stored_forms(
        self, threads: Sequence[Thread], changes: Sequence[MessageChange]
    ) -> list[Stored]:
        numbered = [message for thread in threads for message in thread.numbered]
        seqs = {id_: seq for thread in threads for id_, seq in thread.numbers.assigned.items()}
        purged = {thread.head.conversation_id: thread.head.purged_seq for thread in threads}
        return self.stored_forms(numbered, seqs, changes, purged)

    def stored_forms(
        self,
        numbered: Sequence[SentMessage],
        seqs: Mapping[str, int],
        changes: Sequence[MessageChange] = (),
        purged: Mapping[str, int] | None = None,
    ) -> list[Stored]:
        """Each message with its document: sender's name and quote are looked up. Writes nothing.

        The messages are in log order, `seqs` are their numbers by message id; `changes` come with
        them and are not applied yet. `purged`: up to which number each conversation is.
        """
        known = self._participant_names({_sender(message) for message in numbered})
        names = {each.id: _name(each, known) for each in numbered}
        quotes = find_quotes(numbered, names, changes, purged or {})
        return [
            Stored(
                message,
                messages.message_document(
                    message,
                    seq=seqs[message.id],
                    sender_name=names[message.id],
                    quote=quotes.get(message.id),
                ),
            )
            for message in numbered
        ]


def look_first(
    batch: Sequence[Entry], refused: Mapping[Place, Poison]
) -> tuple[Written, list[Thread], dict[str, int]]:
    """Steps 2 and 3: first the heads, then the ids, never at once (a mark must not be newer).

    Gives what needs no writing, the conversations to be written, and the kept ids' numbers.
    """
    written = Written()
    found = heads.read_heads({entry.conversation_id for entry in batch})
    threads: dict[str, Thread] = {}
    pending: list[SentMessage] = []
    changes: list[MessageChange] = []
    for entry in batch:
        head = found.get(entry.conversation_id)
        if head is not None:
            forget_what_is_gone(entry, head)
            if head.covers(entry.place):
                written.done.append(entry)
                written.done_heads[entry.conversation_id] = head
                continue
            if not isinstance(entry, PositionRead):  # a read moves no mark
                move_mark(threads, head, entry.place)
        poison = refused.get(entry.place) or _refusal(entry, head)
        if poison is not None:
            written.dead.append(DeadLetter(entry.record, entry.place, poison))
        elif isinstance(entry, SentMessage):
            pending.append(entry)
        elif isinstance(entry, MessageChange):
            changes.append(entry)
        elif head is not None:
            written.heads[entry.conversation_id] = head
            written.reads.append(entry)
    targets = {change.event.message_id for change in changes}
    stored = messages.read_stored({message.id for message in pending} | targets)
    classified = classify(pending, stored)
    for message in classified.numbered:
        threads[message.conversation_id].numbered.append(message)
    written.duplicates = classified.duplicates
    written.dead += [DeadLetter(m.record, m.place, poison) for m, poison in classified.conflicts]
    written.changes, targetless = with_targets(changes, stored, classified.numbered)
    written.dead += [DeadLetter(c.record, c.place, poison) for c, poison in targetless]
    return written, list(threads.values()), classified.kept


def _refusal(message: Entry, head: Head | None) -> Poison | None:
    if head is None:
        return Poison(Reason.UNKNOWN_CONVERSATION, "no conversation has this conversationId")
    if head.tenant_id != message.event.tenant_id:
        return Poison(Reason.WRONG_TENANT, "the conversation belongs to another tenant")
    return None


def _insert(
    documents: Sequence[Document],
    threads: Sequence[Thread],
    kept: Mapping[str, int],
    refused: dict[Place, Poison],
) -> bool:
    """Inserts what is not kept, and a tombstone for each hole. False: back to step 2."""
    fresh = [document for document in documents if document["_id"] not in kept]
    outcome = messages.insert(fresh + tombstones_of(threads, documents))
    for thread in threads:
        for message in thread.numbered:
            if (text := outcome.refused.get(message.id)) is not None:
                refused[message.place] = Poison(Reason.REFUSED_BY_DATABASE, text)
    return not (outcome.already_there or outcome.refused)


def _head_updates(
    threads: Sequence[Thread], documents: Sequence[Document], changes: Sequence[MessageChange]
) -> list[HeadUpdate]:
    latest: dict[str, Document] = {}
    for document in documents:
        rival = latest.get(document["conversationId"])
        if rival is None or is_newer(document, rival):
            latest[document["conversationId"]] = document
    rewritten = {
        change.event.message_id
        for change in changes
        if isinstance(change.event, MessageEditedEvent | MessageDeletedEvent)
    }
    updates = []
    for thread in threads:
        head, newest_here = thread.head, latest.get(thread.head.conversation_id)
        candidate = messages.last_message_of(newest_here) if newest_here else None
        last = newest([head.last_message, candidate])
        if last is not None and last["messageId"] in rewritten:
            last = messages.read_last_message(head.conversation_id, thread.numbers.last)
        updates.append(
            HeadUpdate(read=head, last_seq=thread.numbers.last, last_message=last, mark=thread.mark)
        )
    return updates


def _name(message: SentMessage, known: Mapping[Pair, str]) -> str | None:
    """The participant's as it is known, but for one that was erased: that may be a minute old."""
    told = message.event.sender_name
    return told if told == ERASED_NAME else known.get(_sender(message)) or told


def _sender(message: SentMessage) -> Pair:
    return message.conversation_id, message.event.sender_id

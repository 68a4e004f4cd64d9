"""Step 8: what others learn of a batch. Hints only: bounded in time and never fatal."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from chat_project.mongodb import Document
from chat_project.redis import RedisAway
from consumers import announcing, metrics
from consumers.changes import takes_text_away
from consumers.dead_letters import DeadLetter, lenient_ids
from consumers.decoding import Entry, MessageChange, PositionRead, SentMessage
from consumers.messages import read_documents
from consumers.positions import positions_after
from consumers.records import Place, Record
from consumers.writer import Written
from conversations import cache
from conversations.values import LastMessage
from messaging.serializers import message_dto
from realtime.publisher import Announcement, conversation_channel, publish, user_channel

logger = logging.getLogger(__name__)

LIVE_SECONDS = 60.0
"""Older records are not broadcast, so that a replay stays quiet; age is the broker's time."""
READ_SECONDS = 2.0
"""For looking up what an earlier attempt stored; Redis has its own bounds (0.15 s, a breaker)."""


class Effects:
    """Tells cache, hubs and senders; `outcome_seconds` is the acceptance records' life."""

    def __init__(self, outcome_seconds: float, clock: Callable[[], float] = time.time) -> None:
        self._outcome_seconds = outcome_seconds
        self._clock = clock

    def after(self, written: Written, dead: Sequence[DeadLetter]) -> None:
        """Refreshes the cached heads and announces every stored message and every failure.

        Also what an earlier attempt had finished: a mark says nothing about effects.
        """
        try:
            cache.refresh_heads(list(_heads(written)), self._stored(written))
            publish(list(self._announcements(written, dead)))
        except (RedisAway, PyMongoError) as error:
            metrics.effects_failed.inc()
            logger.warning("Stored, but neither cached nor broadcast: %s", error)
        except Exception:  # whatever it is, it must not stop the storing of messages
            metrics.effects_failed.inc()
            logger.exception("Stored, but neither cached nor broadcast")

    def _announcements(
        self, written: Written, dead: Sequence[DeadLetter]
    ) -> Iterator[Announcement]:
        silent: set[str] = set()
        current = self._current(written)
        stored = self._without_what_was_taken_away(written, current)
        for message, document in chain(stored, self._stored_earlier(written.done)):
            age = self._age_seconds(message.record)
            if age <= LIVE_SECONDS:
                channel = conversation_channel(message.conversation_id)
                yield Announcement(channel, "ReceiveMessage", message_dto(document))
                continue
            silent.add(message.conversation_id)
            if age <= self._outcome_seconds:
                yield _sent(document)
        silent |= {each.conversation_id for each in written.done if self._is_quiet(each)}
        yield from self._changed(written, current, silent)
        for conversation_id in silent:
            hint = {"conversationId": conversation_id}
            yield Announcement(conversation_channel(conversation_id), "Resync", hint)
        for letter in dead:
            if self._age_seconds(letter.record) <= self._outcome_seconds:
                yield from _failed(letter)

    def _current(self, written: Written) -> dict[str, Document]:
        """By id, as they are now: the messages of changes that are to be told, and those to be told
        that a change of the same batch took text from. One query, or none."""
        changes = chain(written.changes, _later(written.done))
        live = (each for each in changes if not self._is_quiet(each))
        ids = {each.event.message_id for each in live if isinstance(each, MessageChange)}
        ids |= {each.id for each in _lost_text(written) if not self._is_quiet(each)}
        if not ids:
            return {}
        with pymongo.timeout(READ_SECONDS):
            return {document["_id"]: document for document in read_documents(ids)}

    def _without_what_was_taken_away(
        self, written: Written, current: Mapping[str, Document]
    ) -> Iterator[tuple[SentMessage, Document]]:
        """What was stored, each with its document; one that lost text after it was made, with the
        present one, and not at all if that is gone."""
        lost_text = {message.id for message in _lost_text(written)}
        for message, document in written.stored:
            if message.id not in lost_text or self._is_quiet(message):
                yield message, document
            elif message.id in current:
                yield message, current[message.id]

    def _changed(
        self, written: Written, current: Mapping[str, Document], silent: set[str]
    ) -> Iterator[Announcement]:
        """Adds the conversations of changes and reads that are too old to be told to `silent`."""
        entries = sorted([*written.changes, *written.reads, *_later(written.done)], key=_place)
        silent |= {each.conversation_id for each in entries if self._is_quiet(each)}
        for each in entries:
            if isinstance(each, MessageChange) and not self._is_quiet(each):
                told = announcing.of_change(each, current)
                if told is not None:
                    yield told
        yield from self._positions(written)

    def _positions(self, written: Written) -> Iterator[Announcement]:
        """Of each reader once, as it is now: what came late or twice takes nobody back."""
        earlier = [each for each in written.done if isinstance(each, PositionRead)]
        reads = [*earlier, *written.reads]
        live = {each.reader for each in reads if not self._is_quiet(each)}
        if not live:
            return
        theirs = [each for each in reads if each.reader in live]
        with pymongo.timeout(READ_SECONDS):
            found = positions_after(theirs, all_moved=written.all_moved and not earlier)
        for reader, position in found.items():
            yield announcing.of_position(reader, position)

    def _stored_earlier(self, done: Sequence[Entry]) -> Iterator[tuple[SentMessage, Document]]:
        """The documents of what is done and recent enough for somebody to wait for it."""
        waited_for = {
            each.id: each
            for each in done
            if isinstance(each, SentMessage) and not self._is_forgotten(each)
        }
        if not waited_for:
            return
        with pymongo.timeout(READ_SECONDS):
            for document in read_documents(waited_for.keys()):
                message = waited_for[document["_id"]]
                src = document.get("src") or {}
                if (src.get("t"), src.get("p"), src.get("o")) == message.place:
                    yield message, document

    def _stored(self, written: Written) -> cache.StoredInMinute:
        counts = Counter(document["tenantId"] for _message, document in written.stored)
        return cache.StoredInMinute(int(self._clock()) // 60, counts)

    def _age_seconds(self, record: Record) -> float:
        return self._clock() - record.timestamp_ms / 1_000

    def _is_quiet(self, entry: Entry) -> bool:
        return self._age_seconds(entry.record) > LIVE_SECONDS

    def _is_forgotten(self, message: SentMessage) -> bool:
        return self._age_seconds(message.record) > max(LIVE_SECONDS, self._outcome_seconds)


def _lost_text(written: Written) -> list[SentMessage]:
    """The messages that a change of their batch deletes or redacts, and the replies to such ones:
    their documents were made before it."""
    gone = {each.event.message_id for each in written.changes if takes_text_away(each)}
    return [
        message
        for message, _ in written.stored
        if message.id in gone or message.event.reply_to_message_id in gone
    ]


def _later(entries: Sequence[Entry]) -> Iterator[MessageChange | PositionRead]:
    return (each for each in entries if isinstance(each, MessageChange | PositionRead))


def _place(entry: Entry) -> Place:
    return entry.place


def _heads(written: Written) -> Iterator[cache.Head]:
    """Also of what was done before: a process may have died between storing and this."""
    done = dict(written.done_heads)
    for update in written.updates:
        done.pop(update.read.conversation_id, None)
        yield _cached_head(
            update.read.conversation_id, update.last_seq, update.last_message, update.mark
        )
    for conversation_id, head in done.items():
        mark = max(head.marks.values())
        yield _cached_head(conversation_id, head.last_seq or 0, head.last_message, mark)


def _cached_head(
    conversation_id: str, last_seq: int, last: Mapping[str, Any] | None, mark: Place
) -> cache.Head:
    return cache.Head(
        conversation_id=conversation_id,
        last_seq=last_seq,
        last_message=_last_message(last) if last else None,
        mark=cache.Mark(*mark),
    )


def _last_message(last: Mapping[str, Any]) -> LastMessage:
    return LastMessage(
        message_id=last["messageId"],
        seq=int(last["seq"]),  # the driver's Int64 is unknown to JSON encoders
        sender_id=last["senderId"],
        sender_name=last.get("senderName"),
        content=last.get("content"),
        sent_at=last["sentAt"],
    )


def _sent(document: Document) -> Announcement:
    outcome = {
        "messageId": document["_id"],
        "conversationId": document["conversationId"],
        "status": "Sent",
        "seq": int(document["seq"]),  # as in `_last_message`
    }
    channel = user_channel(document["tenantId"], document["senderId"])
    return Announcement(channel, "MessageOutcome", outcome)


def _failed(letter: DeadLetter) -> Iterator[Announcement]:
    """Told to the sender alone, if the record says who that is."""
    ids = lenient_ids(letter.record.value)
    if "messageId" in ids and "tenantId" in ids and "senderId" in ids:
        outcome = {
            "messageId": ids["messageId"],
            "conversationId": ids.get("conversationId"),
            "status": "Failed",
            "failureReason": letter.poison.reason.value,
        }
        channel = user_channel(ids["tenantId"], ids["senderId"])
        yield Announcement(channel, "MessageOutcome", outcome)

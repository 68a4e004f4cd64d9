"""The source's messages in the order in which they get their numbers."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from chat_project.mongodb import Document
from consumers.history.notes import Kind, Notes
from consumers.history.values import documents, guid_of, moment

PAGE_MESSAGES = 1_000


class OldMessage(NamedTuple):
    """A message that can be told apart; `conversation_id` is the source's."""

    id: str
    sent_at: datetime
    conversation_id: str
    document: Document


def in_order(
    found: Iterable[Document],
    notes: Notes,
    on_receipts: Callable[[OldMessage, list[Document]], None],
) -> Iterator[OldMessage]:
    """By (SentAt, MessageId), from what comes in the order of SentAt. Messages of one millisecond
    are held together; who has read a message is told at once and not held."""
    readable = _readable(found, notes, on_receipts)
    for _, of_one_time in groupby(readable, key=attrgetter("sent_at")):
        yield from sorted(of_one_time, key=attrgetter("id"))


def pages(messages: Iterable[OldMessage]) -> Iterator[list[OldMessage]]:
    page: list[OldMessage] = []
    for message in messages:
        page.append(message)
        if len(page) == PAGE_MESSAGES:
            yield page
            page = []
    if page:
        yield page


def _readable(
    found: Iterable[Document],
    notes: Notes,
    on_receipts: Callable[[OldMessage, list[Document]], None],
) -> Iterator[OldMessage]:
    for each in found:
        id_, sent_at = guid_of(each.get("MessageId")), moment(each.get("SentAt"))
        if id_ is None or sent_at is None:
            text = "it has no id or no time, and is not brought"
            notes.add(Kind.UNREADABLE_MESSAGE, text, message_id=id_, document=each)
            continue
        receipts = documents(each.pop("ReadReceipts", None))
        message = OldMessage(id_, sent_at, guid_of(each["ConversationId"]) or "", each)
        if receipts:
            on_receipts(message, receipts)
        yield message

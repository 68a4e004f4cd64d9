"""What a person wrote is deleted, and where others name them it is blacked out: through the log.

So it holds against everything that handles the log again: a deletion is final, and a change that is
later in the log wins. What names them is also an earlier text, and one that a reply quotes: the edit
that redacts leaves no earlier text, and replies quote what it says. A text that is too long for an
edit, brought from the replaced system, is deleted.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import partial
from re import Pattern

from chat_project.mongodb import Document, majority_collection
from chat_project.texts import exceeds_utf16
from chat_project.timestamps import format_timestamp, now
from consumers.attempts import attempt, patiently
from consumers.audit.parts import parts
from consumers.erasure.called import names_in_mentions, texts_of
from consumers.erasure.holds import Holds
from consumers.errors import RetryLater
from consumers.tenants import Subject, messages_in
from conversations.erased import pattern_of, with_names_blacked_out, without_names
from conversations.telling import SYSTEM
from messaging.changes import (
    ChangeEvent,
    MessageDeletedEvent,
    MessageEditedEvent,
    Replaced,
    encode_later,
)
from messaging.deliveries import Delivered
from messaging.events import Outgoing
from messaging.producer import producer

EVENTS_AT_ONCE = 200
QUOTED_AT_ONCE = 200

_UNDELETED: Document = {"isDeleted": {"$ne": True}}
_FIELDS = dict.fromkeys(
    ("conversationId", "type", "content", "history.content", "editedAt", "mentions", "src", "rev"),
    1,
)


def changes_due(
    subject: Subject, conversation_ids: Sequence[str], names: Collection[str]
) -> Iterator[ChangeEvent]:
    """The deletions and edits that are still to be made, in no order; none when all is done."""
    at = now()
    own = messages_in(conversation_ids, {"senderId": subject.user_id, **_UNDELETED}, _FIELDS)
    for message in own:
        yield _deletion(subject, message, at)
    named: Document = {"$or": [{"type": "System"}, {"mentions.userId": subject.user_id}]}
    of_others = {"senderId": {"$ne": subject.user_id}, **named, **_UNDELETED}
    pattern = pattern_of(names)
    found = messages_in(conversation_ids, of_others, _FIELDS)
    for some in parts(found, QUOTED_AT_ONCE):
        quotes = patiently(partial(_quotes_of, some))
        for message in some:
            own_names = {*names_in_mentions(message, subject.user_id)}
            here = pattern_of({*names, *own_names}) if own_names else pattern
            yield from _redaction(subject, message, quotes[message["_id"]], here, at)


def publish(changes: Iterator[ChangeEvent], holds: Holds) -> int:
    """But of conversations that are held back by now. Gives how many there were, all of them
    acknowledged. Raises RetryLater, StopConsuming."""
    count = 0
    for some in parts(changes, EVENTS_AT_ONCE):
        occurred_on = now()
        free = holds.free(some, lambda change: change.conversation_id)
        records = [encode_later(change, occurred_on=occurred_on) for change in free]
        if records:
            patiently(partial(_send, records))
        count += len(records)
    return count


def _send(records: Sequence[Outgoing]) -> None:
    """Sending again what has arrived does no harm."""
    deliveries = producer().send(records, _nobody_waits)
    missing = [each for each in deliveries if not isinstance(each, Delivered)]
    if missing:
        raise RetryLater(f"Kafka did not acknowledge {len(missing)} changes: {missing[0]}")


def _deletion(subject: Subject, message: Document, at: datetime) -> MessageDeletedEvent:
    return MessageDeletedEvent(
        message_id=message["_id"],
        conversation_id=message["conversationId"],
        tenant_id=subject.tenant_id,
        user_id=SYSTEM.user_id,
        at=format_timestamp(at),
    )


def _redaction(
    subject: Subject,
    message: Document,
    quotes: Sequence[str],
    names: Pattern[str] | None,
    at: datetime,
) -> Iterator[ChangeEvent]:
    """If a text of it, or one that a reply quotes, has one of the names."""
    reword = without_names if message["type"] == "System" else with_names_blacked_out
    texts = texts_of(message)
    if all(reword(text, names) == text for text in (*texts, *quotes)):
        return
    edit = MessageEditedEvent(
        message_id=message["_id"],
        conversation_id=message["conversationId"],
        tenant_id=subject.tenant_id,
        user_id=SYSTEM.user_id,
        at=format_timestamp(at),
        content=reword(texts[-1], names),
        redacts=True,
        replaces=_as_read(message),
    )
    is_over = exceeds_utf16(edit.content, edit.content_limit)
    yield _deletion(subject, message, at) if is_over else edit


def _as_read(message: Document) -> Replaced | None:
    """So that somebody's edit which was on its way is not lost; the next look finds the rest."""
    last = message.get("rev") or message.get("src")
    return Replaced(last["t"], last["p"], last["o"]) if last else None


def _quotes_of(messages: Sequence[Document]) -> dict[str, list[str]]:
    """What replies quote of each, by message id."""
    quotes: dict[str, list[str]] = {message["_id"]: [] for message in messages}
    quoting = {
        "conversationId": {"$in": list({message["conversationId"] for message in messages})},
        "replyTo.messageId": {"$in": list(quotes)},
        "replyTo.content": {"$exists": True},
    }
    with attempt():
        for reply in majority_collection("messages").find(quoting, {"replyTo": 1}):
            quotes[reply["replyTo"]["messageId"]].append(reply["replyTo"]["content"] or "")
    return quotes


def _nobody_waits(_index: int) -> None:
    """What is refused late is found by the next look."""

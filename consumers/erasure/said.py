"""What a person wrote is deleted, and where others name them it is blacked out: through the log.

So it holds against everything that handles the log again: a deletion is final, and a change that is
later in the log wins.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import partial

from chat_project.mongodb import Document
from chat_project.timestamps import format_timestamp, now
from consumers.attempts import patiently
from consumers.audit.parts import parts
from consumers.erasure.called import names_in_mentions
from consumers.errors import RetryLater
from consumers.tenants import Subject, messages_in
from conversations.erased import pattern_of, with_names_blacked_out, without_names
from conversations.telling import SYSTEM
from messaging.changes import ChangeEvent, MessageDeletedEvent, MessageEditedEvent, encode_later
from messaging.deliveries import Delivered
from messaging.events import Outgoing
from messaging.producer import producer

EVENTS_AT_ONCE = 200

_UNDELETED: Document = {"isDeleted": {"$ne": True}}
_FIELDS = dict.fromkeys(("conversationId", "type", "content", "mentions"), 1)


def changes_due(
    subject: Subject, conversation_ids: Sequence[str], names: Collection[str]
) -> Iterator[ChangeEvent]:
    """The deletions and edits that are still to be made, in no order; none when all is done."""
    at = now()
    own = messages_in(conversation_ids, {"senderId": subject.user_id, **_UNDELETED}, _FIELDS)
    for message in own:
        yield _deletion(subject, message, at)
    others = {"senderId": {"$ne": subject.user_id}, **_UNDELETED}
    pattern = pattern_of(names)
    for message in messages_in(conversation_ids, {"type": "System", **others}, _FIELDS):
        yield from _redaction(subject, message, without_names(_text(message), pattern), at)
    mentioning = {"mentions.userId": subject.user_id, "type": {"$ne": "System"}, **others}
    for message in messages_in(conversation_ids, mentioning, _FIELDS):
        here = pattern_of({*names, *names_in_mentions(message, subject.user_id)})
        yield from _redaction(subject, message, with_names_blacked_out(_text(message), here), at)


def publish(changes: Iterator[ChangeEvent]) -> int:
    """Gives how many there were, all of them acknowledged. Raises RetryLater."""
    count = 0
    for some in parts(changes, EVENTS_AT_ONCE):
        occurred_on = now()
        records = [encode_later(change, occurred_on=occurred_on) for change in some]
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
    subject: Subject, message: Document, text: str, at: datetime
) -> Iterator[MessageEditedEvent]:
    if text != _text(message):
        yield MessageEditedEvent(
            message_id=message["_id"],
            conversation_id=message["conversationId"],
            tenant_id=subject.tenant_id,
            user_id=SYSTEM.user_id,
            at=format_timestamp(at),
            content=text,
            redacts=True,
        )


def _text(message: Document) -> str:
    return message.get("content") or ""


def _nobody_waits(_index: int) -> None:
    """What is refused late is found by the next look."""

"""What a person wrote is deleted, and where others name them it is blacked out: through the log.

So it holds against everything that handles the log again: a deletion is final, and a change that is
later in the log wins.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from re import Pattern

from chat_project.mongodb import Document
from chat_project.timestamps import format_timestamp, now
from consumers.attempts import patiently
from consumers.audit.parts import parts
from consumers.errors import RetryLater
from consumers.tenants import Subject, messages_in
from conversations.erased import with_names_blacked_out, without_names
from conversations.telling import SYSTEM
from messaging.changes import ChangeEvent, MessageDeletedEvent, MessageEditedEvent, encode_later
from messaging.deliveries import Delivered
from messaging.events import Outgoing
from messaging.producer import producer

EVENTS_AT_ONCE = 200

_UNDELETED: Document = {"isDeleted": {"$ne": True}}
_FIELDS = dict.fromkeys(("conversationId", "type", "content", "mentions.userId"), 1)


def changes_due(
    subject: Subject, conversation_ids: Sequence[str], names: Pattern[str] | None
) -> Iterator[ChangeEvent]:
    """The deletions and edits that are still to be made, in no order; none when all is done."""
    at = now()
    own = messages_in(conversation_ids, {"senderId": subject.user_id, **_UNDELETED}, _FIELDS)
    for message in own:
        yield _deletion(subject, message, at)
    if names is None:
        return
    others = {"senderId": {"$ne": subject.user_id}, **_UNDELETED}
    told = messages_in(conversation_ids, {"type": "System", **others}, _FIELDS)
    for message in told:
        yield from _redaction(subject, message, without_names(_text(message), names), at)
    mentioning = messages_in(
        conversation_ids, {"mentions.userId": subject.user_id, **others}, _FIELDS
    )
    for message in mentioning:
        text = with_names_blacked_out(_text(message), names)
        yield from _redaction(subject, message, text, at)


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

"""Step 1 of a batch: records become typed messages, or poison. No input or output."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TypeVar
from zlib import crc32

import msgspec

from consumers.errors import Poison, Reason
from consumers.records import Place, Record
from consumers.topics import Generation
from conversations.values import Pair
from messaging.changes import ChangeEvent, LaterEvent, MessagesReadEvent, decode_later
from messaging.events import (
    MalformedEvent,
    MessageSentEvent,
    OversizeEvent,
    decode_message_sent,
)
from messaging.identifiers import fingerprint

E = TypeVar("E")


class SentMessage(msgspec.Struct, frozen=True):
    """A decoded MessageSentEvent with its place; `digest` is `src.h` of contract section 8."""

    record: Record
    place: Place
    event: MessageSentEvent
    sent_at: datetime
    digest: bytes

    @property
    def id(self) -> str:
        return self.event.message_id

    @property
    def conversation_id(self) -> str:
        return self.event.conversation_id

    @property
    def sender_id(self) -> str:
        return self.event.sender_id


class MessageChange(msgspec.Struct, frozen=True):
    """A decoded edit, deletion, reaction or pin with its place; `at` is its moment."""

    record: Record
    place: Place
    event: ChangeEvent
    at: datetime

    @property
    def conversation_id(self) -> str:
        return self.event.conversation_id


class PositionRead(msgspec.Struct, frozen=True):
    """A decoded MessagesReadEvent with its place."""

    record: Record
    place: Place
    event: MessagesReadEvent
    at: datetime

    @property
    def conversation_id(self) -> str:
        return self.event.conversation_id

    @property
    def reader(self) -> Pair:
        return self.event.conversation_id, self.event.user_id


Entry = SentMessage | MessageChange | PositionRead
"""What a record of the message topic says."""


def decode_later_event(
    record: Record, generation: Generation, event_type: type[LaterEvent]
) -> MessageChange | PositionRead:
    """Whatever happens to messages later. Raises Poison."""
    event, at = _decode(record, partial(decode_later, event_type=event_type))
    partitions = generation.partitions_at(record.partition, record.offset)
    check_partition(record, event.conversation_id, partitions)
    place = Place(generation.t, record.partition, record.offset)
    if isinstance(event, MessagesReadEvent):
        return PositionRead(record, place, event, at)
    return MessageChange(record, place, event, at)


def decode_sent(record: Record, generation: Generation) -> SentMessage:
    """A MessageSentEvent of this life of its topic. Raises Poison."""
    event, sent_at = _decode(record, decode_message_sent)
    partitions = generation.partitions_at(record.partition, record.offset)
    check_partition(record, event.conversation_id, partitions)
    attachment_ids = [attachment.attachment_id for attachment in event.attachments or ()]
    return SentMessage(
        record=record,
        place=Place(generation.t, record.partition, record.offset),
        event=event,
        sent_at=sent_at,
        digest=fingerprint(
            event.conversation_id,
            event.content or "",
            event.reply_to_message_id,
            [
                (mention.user_id, mention.start_index, mention.length)
                for mention in event.mentions or ()
            ],
            message_type=event.type or "Text",
            attachment_ids=attachment_ids,
        ),
    )


def _decode(record: Record, decode: Callable[[bytes], E]) -> E:
    if record.value is None:
        raise Poison(Reason.MALFORMED, "the record has no value (a tombstone of Kafka)")
    try:
        return decode(record.value)
    except OversizeEvent as error:
        raise Poison(Reason.OVERSIZE, str(error)) from error
    except MalformedEvent as error:
        raise Poison(Reason.MALFORMED, str(error)) from error


def check_partition(record: Record, conversation_id: str, partition_count: int) -> None:
    """One producer with another partitioner would put a conversation into two partitions."""
    key = conversation_id.encode()
    if record.key != key:
        raise Poison(Reason.WRONG_PARTITION, f"the key is {record.key!r}, not the conversationId")
    expected = crc32(key) % partition_count
    if record.partition != expected:
        raise Poison(
            Reason.WRONG_PARTITION,
            f"partition {record.partition} of {partition_count}, but consistent_random"
            f" puts this key into {expected}",
        )

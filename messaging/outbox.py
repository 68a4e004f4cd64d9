"""System messages: what conversations are told of changes goes from the outbox into the log.

Publishing an entry twice is harmless (`conversations.services.outbox`), so nobody owns one: who made
the change publishes it after the commit, and what that left behind is published by whoever looks.
"""

import logging
from collections.abc import Collection, Sequence
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from chat_project.timestamps import format_timestamp, now
from conversations.services import outbox
from conversations.services.outbox import Told
from messaging.deliveries import Delivered
from messaging.events import MessageSentEvent, encode_message_sent
from messaging.producer import producer

logger = logging.getLogger(__name__)

AT_ONCE = 100
"""Entries that are published together."""
DATABASE_SECONDS = 2.0


def publish_told(*, conversation_ids: Collection[str], **_: Any) -> None:
    """Receives the signal `told`: publishes the conversations' entries in the order of their changes.

    Blocks at most some 3 s for Kafka and 2 s for each of two calls to MongoDB, for each AT_ONCE
    entries; the first that are not acknowledged end it. What stays behind is left over.
    """
    names = ", ".join(conversation_ids)
    while True:
        try:
            with pymongo.timeout(DATABASE_SECONDS):
                entries = outbox.entries_of(conversation_ids, AT_ONCE)
            published = publish(entries)
        except PyMongoError as error:
            logger.warning("Conversation %s is told later: %s", names, error)
            return
        if published < len(entries):
            logger.warning(
                "Conversation %s is told of %d changes later: Kafka did not acknowledge them",
                names,
                len(entries) - published,
            )
        if published < AT_ONCE:
            return


def publish_left_over() -> tuple[int, int]:
    """One bounded step: how many entries were left over, AT_ONCE at most, and how many of them were
    published. Raises pymongo's errors."""
    with pymongo.timeout(DATABASE_SECONDS):
        entries = outbox.left_over(now(), AT_ONCE)
    return len(entries), publish(entries)


def publish(entries: Sequence[Told]) -> int:
    """Gives how many Kafka acknowledged in time; those are taken out. Raises pymongo's errors."""
    if not entries:
        return 0
    occurred_on = now()
    records = [encode_message_sent(_event(each), occurred_on=occurred_on) for each in entries]
    deliveries = producer().send(records, _nobody_waits)
    delivered = [
        entry.message_id
        for entry, delivery in zip(entries, deliveries, strict=True)
        if isinstance(delivery, Delivered)
    ]
    with pymongo.timeout(DATABASE_SECONDS):
        outbox.take_out(delivered)
    return len(delivered)


def _event(told: Told) -> MessageSentEvent:
    return MessageSentEvent(
        message_id=told.message_id,
        conversation_id=told.conversation_id,
        tenant_id=told.tenant_id,
        sender_id=told.sender.user_id,
        sender_name=told.sender.user_name,
        content=told.text,
        sent_at=format_timestamp(told.at),
        mentions=[],
        recipient_user_ids=[],
        type="System",
    )


def _nobody_waits(_index: int) -> None:
    """What is refused late is still in the outbox."""

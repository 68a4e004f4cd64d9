"""Who has read a message: derived from the participants' read positions, never stored.

A position covers every message up to its number; the sender's own does not count (contract section
6). Who has joined and not read yet has a position as well, so that nothing old counts as unread,
but no `readAt`: that is no reading.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from chat_project.mongodb import Document, majority_collection
from chat_project.timestamps import format_timestamp
from messaging.serializers import MessageDto, ReadReceiptDto, ReadState, message_dto

MAX_RECEIPTS = 100
MAX_READERS = 1_000
"""So many readers of a message are counted in a list; then its `readCount` means "or more"."""

INDEX = "conversation_read"
"""Of `participants`: (conversationId, readSeq, userId, readAt), only of those who have read. Named
because the planner would also try to sort all participants of the conversation."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_FIELDS = {"_id": 0, "userId": 1, "readSeq": 1, "readAt": 1}


def messages_as_answered(documents: Sequence[Document]) -> list[MessageDto]:
    """Stored messages of one conversation with who has read them: one query for all of them.

    Who has read a message are the first of all readers in the order of their positions, greatest
    first: so the first MAX_READERS of them serve every message, and no reader is asked for twice.
    """
    if not documents:
        return []
    lowest = min(document["seq"] for document in documents)
    readers = _read_readers(documents[0]["conversationId"], lowest)
    return [message_dto(document, readers.of(document)) for document in documents]


def message_as_answered(document: Document) -> MessageDto:
    """One stored message, for which every reader counts: beyond MAX_READERS a second query."""
    (message,) = messages_as_answered([document])
    if message.read_count < MAX_READERS:
        return message
    return msgspec.structs.replace(message, read_count=_count_readers(document))


class Readers(msgspec.Struct, frozen=True):
    """The participants who have read furthest, greatest position first."""

    negated_positions: list[int]
    """Ascending, as a binary search wants them."""
    places: dict[str, int]
    receipts: list[ReadReceiptDto]
    """Of the first MAX_RECEIPTS and one: one of them may be the sender."""

    def of(self, message: Document) -> ReadState:
        """Those who have read this stored message."""
        covering = bisect_right(self.negated_positions, -message["seq"])
        senders_place = self.places.get(message["senderId"], covering)
        if senders_place >= covering:
            count, receipts = covering, self.receipts[:covering]
        else:
            count = covering - 1
            receipts = self.receipts[:senders_place] + self.receipts[senders_place + 1 : covering]
        return ReadState(receipts[:MAX_RECEIPTS], min(count, MAX_READERS))


def readers_of(participants: Sequence[Document]) -> Readers:
    """`participants`: userId, readSeq and readAt of each, in descending order of readSeq."""
    return Readers(
        negated_positions=[-int(each["readSeq"]) for each in participants],
        places={each["userId"]: place for place, each in enumerate(participants)},
        receipts=[
            ReadReceiptDto(user_id=each["userId"], read_at=format_timestamp(each["readAt"]))
            for each in participants[: MAX_RECEIPTS + 1]
        ],
    )


def _read_readers(conversation_id: str, lowest_seq: int) -> Readers:
    return readers_of(
        list(
            majority_collection("participants").find(
                _covering(conversation_id, lowest_seq),
                _FIELDS,
                hint=INDEX,
                sort=[("readSeq", -1), ("userId", -1)],
                limit=MAX_READERS + 1,
                batch_size=MAX_READERS
                + 2,  # or the first answer holds 101 and a second one is asked
            )
        )
    )


def _count_readers(message: Document) -> int:
    covering = _covering(message["conversationId"], message["seq"])
    others = {**covering, "userId": {"$ne": message["senderId"]}}
    return majority_collection("participants").count_documents(others, hint=INDEX)


def _covering(conversation_id: str, seq: int) -> Document:
    return {
        "conversationId": conversation_id,
        "readSeq": {"$gte": seq},
        "readAt": {"$gt": _EVER},
    }

"""Steps 3, 4 and 7 as pure rules: what is new, which number it gets, which message is the last."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from consumers.decoding import MessageChange, SentMessage
from consumers.errors import Poison, Reason
from consumers.records import Place


class Stored(NamedTuple):
    """What the collection `messages` says of an id."""

    seq: int
    conversation_id: str
    sender_id: str
    place: Place
    digest: bytes


class Classified(msgspec.Struct):
    """The pending messages of a batch, told apart; lists keep the order of the log."""

    numbered: list[SentMessage]
    """New and kept ones: those that get or have a number."""
    kept: dict[str, int]
    """Stored by an earlier attempt at the very same record: message id -> its number."""
    duplicates: list[SentMessage]
    conflicts: list[tuple[SentMessage, Poison]]


def classify(pending: Iterable[SentMessage], stored: Mapping[str, Stored]) -> Classified:
    """Tells by id, place and digest. Of two records with one id, the first counts as stored."""
    result = Classified(numbered=[], kept={}, duplicates=[], conflicts=[])
    known: dict[str, Stored | SentMessage] = {**stored}
    for message in pending:
        twin = known.get(message.id)
        if twin is None:
            result.numbered.append(message)
            known[message.id] = message
        elif isinstance(twin, Stored) and twin.place == message.place:
            result.numbered.append(message)
            result.kept[message.id] = twin.seq
        elif _same_message(message, twin):
            result.duplicates.append(message)
        else:
            text = "the id belongs to another message (conversation, sender or content differ)"
            result.conflicts.append((message, Poison(Reason.ID_CONFLICT, text)))
    return result


def with_targets(
    changes: Iterable[MessageChange], stored: Mapping[str, Stored], numbered: Iterable[SentMessage]
) -> tuple[list[MessageChange], list[tuple[MessageChange, Poison]]]:
    """Tells those whose message comes before them in the same conversation from the others.

    `numbered` are the batch's own messages. Places decide, not what happens to be stored by now, so
    that a redelivery decides the same.
    """
    places = {id_: (each.conversation_id, each.place) for id_, each in stored.items()}
    places |= {each.id: (each.conversation_id, each.place) for each in numbered}
    good: list[MessageChange] = []
    bad: list[tuple[MessageChange, Poison]] = []
    for change in changes:
        home, place = places.get(change.event.message_id, (None, change.place))
        if home == change.conversation_id and place < change.place:
            good.append(change)
        else:
            text = "no message of this conversation before it has this messageId"
            bad.append((change, Poison(Reason.UNKNOWN_TARGET, text)))
    return good, bad


def _same_message(message: SentMessage, twin: Stored | SentMessage) -> bool:
    return (message.conversation_id, message.sender_id, message.digest) == (
        twin.conversation_id,
        twin.sender_id,
        twin.digest,
    )


class Numbers(NamedTuple):
    assigned: dict[str, int]
    """Message id -> number, for new and kept ones."""
    holes: list[int]
    """Numbers below the highest one that nobody holds: they become tombstones."""
    last: int


def number(
    last_seq: int, in_log_order: Sequence[str], kept: Mapping[str, int], held: Collection[int] = ()
) -> Numbers:
    """Numbers the new and kept messages of one conversation; a stored number never changes.

    `in_log_order` are the ids of both kinds; `kept` may hold other conversations' ids too. `held`
    are further stored numbers above `last_seq`.
    """
    taken = {kept[message_id] for message_id in in_log_order if message_id in kept}.union(held)
    assigned: dict[str, int] = {}
    last = last_seq
    for message_id in in_log_order:
        if message_id in kept:
            assigned[message_id] = kept[message_id]
            last = max(last, kept[message_id])
        else:
            last += 1
            while last in taken:
                last += 1
            assigned[message_id] = last
    used = taken.union(assigned.values())
    holes = [seq for seq in range(last_seq + 1, last) if seq not in used]
    return Numbers(assigned, holes, last)


def newest(candidates: Iterable[Mapping[str, Any] | None]) -> Mapping[str, Any] | None:
    """The last message of a conversation: the greatest (sentAt, seq); None if there is none."""
    return max((each for each in candidates if each), key=_recency, default=None)


def is_newer(message: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return _recency(message) > _recency(other)


def _recency(message: Mapping[str, Any]) -> tuple[datetime, int]:
    return message["sentAt"], message["seq"]

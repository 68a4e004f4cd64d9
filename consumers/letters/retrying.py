"""Retry: a dead letter's record goes through its topic again, as a good producer's."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import islice
from zlib import crc32

import msgspec

from consumers.acknowledged import AcknowledgedProducer, Outgoing
from consumers.dead_letters import CONNECT, RETRY_OF
from consumers.letters.closing import close_retried
from consumers.letters.originals import Originals
from consumers.letters.selection import Letter, RetriedAs, State
from consumers.records import Record
from consumers.topics import Generation
from messaging.changes import LATER_EVENTS, decode_later
from messaging.events import MalformedEvent, decode_message_sent

CHUNK_LETTERS = 50
"""Of up to 2 MiB each: read, produced and closed together."""
_ADDED = (CONNECT, "emis.dlq.", RETRY_OF)


class Fate(StrEnum):
    """What a retry did with one letter."""

    RETRIED = "retried"
    RETRIED_ALREADY = "retried already"
    STORED_ALREADY = "stored already"
    DISCARDED = "discarded"
    ANOTHER_TOPIC = "of another topic"
    NO_RECORD = "no record"

    @property
    def is_done(self) -> bool:
        """The record went through its topic again, now or earlier, or needs not to."""
        return self in (Fate.RETRIED, Fate.RETRIED_ALREADY, Fate.STORED_ALREADY)


_CLOSED = {
    State.RETRIED: Fate.RETRIED_ALREADY,
    State.STORED: Fate.STORED_ALREADY,
    State.DISCARDED: Fate.DISCARDED,
}


class Outcome(msgspec.Struct, frozen=True, rename="camel"):
    """`retried_as` is where the record lies now; None: nothing was produced for this letter."""

    id: str
    fate: Fate
    retried_as: RetriedAs | None = None


def retry(
    letters: Sequence[Letter],
    *,
    originals: Originals,
    producer: AcknowledgedProducer,
    present: Callable[[], Generation],
    by: str,
) -> Iterator[Outcome]:
    """Produces each open letter again and closes it, in the order given, which is that of the records.

    `present` gives the present life of the topic that `producer` writes to; it is asked for each
    chunk, and what it raises ends the retry between two. Raises RetryLater when Kafka is away. A
    death between producing and closing leaves the letter open: retried again, its second record is
    dropped by the consumer as a duplicate, or as a change that comes too late.
    """
    waiting = iter(letters)
    while chunk := list(islice(waiting, CHUNK_LETTERS)):
        generation = present()
        ready = [each for each in chunk if _obstacle(each, generation) is None]
        records = originals.read(ready) if ready else {}
        again = [
            retry_record(each.id, records[each.id], generation)
            for each in ready
            if each.id in records
        ]
        places = producer.produce(again) if again else {}
        for letter in chunk:
            obstacle = _obstacle(letter, generation)
            if obstacle is None and letter.id in places:
                place = places[letter.id]
                retried_as = RetriedAs(generation.t, place.p, place.o)
                close_retried(letter, retried_as, by=by)
                yield Outcome(letter.id, Fate.RETRIED, retried_as)
            else:
                yield Outcome(letter.id, obstacle or Fate.NO_RECORD)


def _obstacle(letter: Letter, generation: Generation) -> Fate | None:
    if letter.state != State.OPEN:
        return _CLOSED[letter.state]
    return None if letter.topic == generation.topic else Fate.ANOTHER_TOPIC


def retry_record(letter_id: str, record: Record, generation: Generation) -> Outgoing:
    """Under the key that the event asks for, its own if it asks for none, in the partition of
    `consistent_random`."""
    key = _right_key(record)
    own = [header for header in record.headers if not header[0].startswith(_ADDED)]
    return Outgoing(
        letter=letter_id,
        key=key,
        value=record.value,
        headers=[*own, (RETRY_OF, letter_id.encode())],
        partition=crc32(key or b"") % generation.partitions,
    )


def _right_key(record: Record) -> bytes | None:
    value, event_type = record.value or b"", record.header("event-type")
    later = next((each for each in LATER_EVENTS if each.__name__ == event_type), None)
    try:
        event, _ = decode_later(value, later) if later else decode_message_sent(value)
        return event.conversation_id.encode()
    except MalformedEvent:
        return record.key

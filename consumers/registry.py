"""Which event types of which topic are handled, and by what; the rest is left alone.

Messages and what happens to them are handled on the message topic alone, the roster on every other.
"""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from consumers.decoding import Entry, decode_later_event, decode_sent
from consumers.errors import Poison, Reason
from consumers.records import Record
from consumers.roster.decoding import EVENT_TYPES, RosterEntry, decode_roster_record
from consumers.topics import Generation
from messaging.changes import LATER_EVENTS
from messaging.events import MESSAGE_SENT

Decoder = Callable[[Record, Generation], Entry]


class Registry(msgspec.Struct, frozen=True):
    """Decoders by (topic, event type)."""

    decoders: Mapping[tuple[str, str], Decoder]

    def decode(self, record: Record, generation: Generation) -> Entry | None:
        """None: another service's event. Raises Poison, also when nothing says what it is."""
        decoder = self.decoders.get((record.topic, _event_type(record)))
        return decoder(record, generation) if decoder else None


def chat_registry(message_topic: str) -> Registry:
    later = {
        (message_topic, each.__name__): partial(decode_later_event, event_type=each)
        for each in LATER_EVENTS
    }
    return Registry({(message_topic, MESSAGE_SENT): decode_sent, **later})


def decode_roster_entry(record: Record, t: int) -> RosterEntry | None:
    """Of a topic that is not the message topic, in its generation `t`; as `Registry.decode`."""
    event_type = EVENT_TYPES.get(_event_type(record))
    return decode_roster_record(record, t, event_type) if event_type else None


def _event_type(record: Record) -> str:
    event_type = record.header("event-type")
    if not event_type:
        raise Poison(Reason.MALFORMED, "the header event-type is missing or empty")
    return event_type

"""Which event types of which topic are handled, and by what; the rest is left alone."""

from collections.abc import Callable, Mapping
from functools import partial

import msgspec

from consumers.decoding import Entry, decode_later_event, decode_sent
from consumers.errors import Poison, Reason
from consumers.records import Record
from consumers.topics import Generation
from messaging.changes import LATER_EVENTS
from messaging.events import MESSAGE_SENT

Decoder = Callable[[Record, Generation], Entry]


class Registry(msgspec.Struct, frozen=True):
    """Decoders by (topic, event type)."""

    decoders: Mapping[tuple[str, str], Decoder]

    def decode(self, record: Record, generation: Generation) -> Entry | None:
        """None: another service's event. Raises Poison, also when nothing says what it is."""
        event_type = record.header("event-type")
        if not event_type:
            raise Poison(Reason.MALFORMED, "the header event-type is missing or empty")
        decoder = self.decoders.get((record.topic, event_type))
        return decoder(record, generation) if decoder else None


def chat_registry(message_topic: str) -> Registry:
    later = {
        (message_topic, each.__name__): partial(decode_later_event, event_type=each)
        for each in LATER_EVENTS
    }
    return Registry({(message_topic, MESSAGE_SENT): decode_sent, **later})

"""Records of the roster become facts, or poison. No input or output."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from consumers.errors import Poison, Reason
from consumers.records import Place, Record
from conversations.services.roster import Fact
from messaging.events import MalformedEvent, OversizeEvent
from messaging.roster import ROSTER_EVENTS, RosterEvent, decode_roster


class RosterEntry(msgspec.Struct, frozen=True):
    """A decoded record with its place; which key and partition it has does not matter."""

    record: Record
    place: Place
    fact: Fact


EVENT_TYPES: Mapping[str, type[RosterEvent]] = {each.__name__: each for each in ROSTER_EVENTS}


def decode_roster_record(record: Record, t: int, event_type: type[RosterEvent]) -> RosterEntry:
    """`t`: the generation of its topic. Raises Poison."""
    if record.value is None:
        raise Poison(Reason.MALFORMED, "the record has no value (a tombstone of Kafka)")
    received_at = datetime.fromtimestamp(max(record.timestamp_ms, 0) / 1_000, UTC)
    try:
        fact = decode_roster(record.value, event_type, received_at)
    except OversizeEvent as error:
        raise Poison(Reason.OVERSIZE, str(error)) from error
    except MalformedEvent as error:
        raise Poison(Reason.MALFORMED, str(error)) from error
    return RosterEntry(record, Place(t, record.partition, record.offset), fact)

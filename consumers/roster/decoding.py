"""Records of the roster become facts, or poison. No input or output."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec.structs import replace

from consumers.errors import Poison, Reason
from consumers.records import Place, Record
from conversations.services.roster import Fact
from messaging.events import MalformedEvent, OversizeEvent
from messaging.roster import ROSTER_EVENTS, RosterEvent, decode_roster

MAX_AHEAD = timedelta(minutes=5)
"""Of an event's date before its record's: what is dated later would win until then."""


class RosterEntry(msgspec.Struct, frozen=True):
    """A decoded record with its place; which key and partition it has does not matter.

    `dated`: what its event is dated, if that is too far ahead and counts as less.
    """

    record: Record
    place: Place
    fact: Fact
    dated: datetime | None = None


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
    place, at = Place(t, record.partition, record.offset), fact.version.at
    latest = received_at + MAX_AHEAD
    if record.timestamp_ms <= 0 or at <= latest:  # a record without a time tells nothing
        return RosterEntry(record, place, fact)
    return RosterEntry(record, place, replace(fact, version=fact.version._replace(at=latest)), at)

"""What the log says: its records, and those that the dead-letter topic keeps, into the ledger."""

from collections.abc import Mapping
from zlib import crc32

from chat_project.settings.environment import Environment
from consumers.audit import digests
from consumers.audit.ledger import Ledger, Row, pack, pack_spot
from consumers.audit.progress import bar
from consumers.audit.scope import Scope
from consumers.audit.snapshot import Snapshot
from consumers.dead_letters import CONNECT, lenient_ids
from consumers.errors import Poison
from consumers.log_reader import LogReader, Span
from consumers.records import Place, Record
from consumers.registry import Registry, chat_registry

_ADD_RECORD = "INSERT OR IGNORE INTO records VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"


def read_log(ledger: Ledger, reader: LogReader, snapshot: Snapshot, scope: Scope) -> int:
    """Gives how many records were read; those of other conversations and services are left out."""
    registry = chat_registry(snapshot.topic)
    total = sum(span.end - span.start for span in snapshot.spans.values())
    count = 0
    with bar("records", total) as progress:
        for records in reader.read(snapshot.topic, snapshot.spans):
            rows = (_record_row(record, registry, snapshot, scope) for record in records)
            ledger.add(_ADD_RECORD, (row for row in rows if row is not None))
            count += len(records)
            progress.update(len(records))
    return count


def _record_row(record: Record, registry: Registry, snapshot: Snapshot, scope: Scope) -> Row | None:
    place = Place(snapshot.generation.t, record.partition, record.offset)
    arrival = (int(snapshot.is_handled(place)), record.timestamp_ms, crc32(record.value or b""))
    try:
        message = registry.decode(record, snapshot.generation)
    except Poison as poison:
        ids = lenient_ids(record.value)
        if not scope.holds(ids.get("conversationId")):
            return None
        known = (ids.get("conversationId"), ids.get("messageId"), ids.get("senderId"))
        return (pack(place), *known, *[None] * 6, poison.reason.value, *arrival)
    if message is None or not scope.holds(message.conversation_id):
        return None
    return (
        pack(place),
        message.conversation_id,
        message.id,
        message.event.sender_id,
        message.digest,
        digests.fixed_part_of_event(message),
        digests.text_part_of_event(message),
        digests.text_alone(message.event.content),
        message.event.reply_to_message_id or None,
        digests.text_alone(message.event.reply_to_content),
        None,
        *arrival,
    )


def read_dead_letter_topic(
    ledger: Ledger, reader: LogReader, environment: Environment, up_to: Mapping[int, int]
) -> dict[int, int]:
    """What came since `up_to` (offsets by partition); gives the ends reached.

    Read after the snapshot: a letter is there before its record's offset is committed.
    """
    topic, message_topic = environment.dead_letter_topic, environment.message_topic
    bounds = reader.bounds(topic)
    spans = {p: Span(max(span.start, up_to.get(p, 0)), span.end) for p, span in bounds.items()}
    with bar("dead letters", sum(span.end - span.start for span in spans.values())) as progress:
        for records in reader.read(topic, spans):
            rows = (_kept_row(record, message_topic) for record in records)
            ledger.add("INSERT OR IGNORE INTO kept VALUES (?,?)", (row for row in rows if row))
            progress.update(len(records))
    return {partition: span.end for partition, span in spans.items()}


def _kept_row(record: Record, message_topic: str) -> Row | None:
    if record.header(f"{CONNECT}topic") != message_topic:
        return None
    try:
        partition = int(record.header(f"{CONNECT}partition") or "")
        offset = int(record.header(f"{CONNECT}offset") or "")
    except ValueError:
        return None
    return pack_spot(partition, offset), crc32(record.value or b"")

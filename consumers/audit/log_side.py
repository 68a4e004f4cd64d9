"""What the log says: its records, and those that the dead-letter topic keeps, into the ledger."""

from collections.abc import Mapping
from zlib import crc32

from chat_project.settings.environment import Environment
from chat_project.texts import utf16_length
from consumers.audit import digests
from consumers.audit.ledger import Ledger, Row, pack, pack_spot
from consumers.audit.progress import bar
from consumers.audit.scope import Scope
from consumers.audit.snapshot import Snapshot
from consumers.conditions import is_retried, replaced_by
from consumers.dead_letters import CONNECT, lenient_ids
from consumers.decoding import MessageChange, PositionRead
from consumers.errors import Poison
from consumers.log_reader import LogReader, Span
from consumers.records import Place, Record
from consumers.registry import Registry, chat_registry

_ADD = {
    "records": "INSERT OR IGNORE INTO records VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    "changes": "INSERT OR IGNORE INTO changes VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
    "reads": "INSERT OR IGNORE INTO reads VALUES (?,?,?,?,?)",
}


def read_log(ledger: Ledger, reader: LogReader, snapshot: Snapshot, scope: Scope) -> int:
    """Gives how many records were read; those of other conversations and services are left out."""
    registry = chat_registry(snapshot.topic)
    total = sum(span.end - span.start for span in snapshot.spans.values())
    count = 0
    with bar("records", total) as progress:
        for records in reader.read(snapshot.topic, snapshot.spans):
            rows = [_row(record, registry, snapshot, scope) for record in records]
            for table, statement in _ADD.items():
                ledger.add(statement, (row[1] for row in rows if row and row[0] == table))
            count += len(records)
            progress.update(len(records))
    return count


def _row(
    record: Record, registry: Registry, snapshot: Snapshot, scope: Scope
) -> tuple[str, Row] | None:
    """The table and its row; None for what is not in scope."""
    place = Place(snapshot.generation.t, record.partition, record.offset)
    is_handled, crc = int(snapshot.is_handled(place)), crc32(record.value or b"")
    arrival = (is_handled, record.timestamp_ms, crc)
    try:
        entry = registry.decode(record, snapshot.generation)
    except Poison as poison:
        ids = lenient_ids(record.value)
        if not scope.holds(ids.get("conversationId")):
            return None
        known = (ids.get("conversationId"), ids.get("messageId"), ids.get("senderId"))
        return "records", (pack(place), *known, *[None] * 7, poison.reason.value, *arrival)
    if entry is None or not scope.holds(entry.conversation_id):
        return None
    if isinstance(entry, PositionRead):
        event = entry.event
        position = (event.conversation_id, event.user_id, event.up_to_seq)
        return "reads", (pack(place), *position, is_handled)
    if isinstance(entry, MessageChange):
        return "changes", (pack(place), *_change(entry), is_handled, crc)
    return "records", (
        pack(place),
        entry.conversation_id,
        entry.id,
        entry.event.sender_id,
        entry.digest,
        digests.fixed_part_of_event(entry),
        digests.rest_of_event(entry),
        digests.text_alone(entry.event.content),
        digests.mentions_of_event(entry),
        entry.event.reply_to_message_id or None,
        digests.text_alone(entry.event.reply_to_content),
        None,
        *arrival,
    )


def _change(change: MessageChange) -> Row:
    event = change.event
    content = getattr(event, "content", None)
    return (
        event.conversation_id,
        event.message_id,
        type(event).__name__,
        event.user_id,
        getattr(event, "emoji_code", None),
        digests.text_alone(content),
        None if content is None else utf16_length(content),
        digests.milliseconds(change.at),
        int(is_retried(change)),
        pack(replaced_by(change)),
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

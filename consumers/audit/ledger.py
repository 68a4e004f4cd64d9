"""Both sides of the comparison in a temporary SQLite file, so that memory stays the same.

A place is 16 bytes, (generation, partition, offset) in big-endian order, which compare as the log
does. Everything is deleted when the ledger is closed.
"""

import sqlite3
import struct
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any

import msgspec

from consumers.audit.digests import NO_MARKS, REST_OF_DELETED
from consumers.records import Place

CACHE_KIBIBYTES = 65_536
FETCHED_AT_ONCE = 1_000

Row = Sequence[Any]

_SCHEMA = """
CREATE TABLE records (          -- of the log, within the spans that are read
    place BLOB PRIMARY KEY, conversation_id TEXT, message_id TEXT, sender_id TEXT,
    digest BLOB, fixed BLOB, rest BLOB, said BLOB, mentions BLOB, reply_to TEXT, quoted BLOB,
    poison TEXT,                -- why it cannot be decoded; else NULL
    is_handled INTEGER, appended_ms INTEGER, value_crc INTEGER) WITHOUT ROWID;
CREATE TABLE changes (          -- edits, deletions, reactions and pins of the log
    place BLOB PRIMARY KEY, conversation_id TEXT, message_id TEXT, kind TEXT, user_id TEXT,
    emoji TEXT, said BLOB,
    said_length INTEGER,        -- of an edit's text, in UTF-16 code units
    at_ms INTEGER, is_retried INTEGER,
    replaces BLOB,              -- the place that must be the message's last one; else NULL
    is_handled INTEGER, value_crc INTEGER) WITHOUT ROWID;
CREATE TABLE reads (            -- read positions of the log
    place BLOB PRIMARY KEY, conversation_id TEXT, user_id TEXT, up_to_seq INTEGER,
    is_handled INTEGER) WITHOUT ROWID;
CREATE TABLE folded (           -- how the changes up to its rev leave a message
    message_id TEXT PRIMARY KEY, said BLOB, mentions BLOB, is_edited INTEGER, is_deleted INTEGER,
    marks BLOB) WITHOUT ROWID;
CREATE TABLE kept (             -- records of the dead-letter topic, by their partition and offset
    spot BLOB, value_crc INTEGER, PRIMARY KEY (spot, value_crc)) WITHOUT ROWID;
CREATE TABLE heads (
    conversation_id TEXT PRIMARY KEY, tenant_id TEXT, last_seq INTEGER, last BLOB,
    mark BLOB, mark_era INTEGER, is_log_whole INTEGER,
    purged_seq INTEGER,         -- up to this number nothing is kept (decision 0023)
    has_erased INTEGER) WITHOUT ROWID;  -- whether somebody's name is kept no longer
CREATE TABLE documents (
    id TEXT, conversation_id TEXT, tenant_id TEXT, sender_id TEXT, seq INTEGER,
    place BLOB, era INTEGER, digest BLOB, fixed BLOB, rest BLOB, said BLOB, mentions BLOB,
    reply_to TEXT, quoted BLOB, last BLOB, rev BLOB, rev_era INTEGER, marks BLOB,
    sent_ms INTEGER, is_deleted INTEGER, is_edited INTEGER, is_restored INTEGER,
    is_tombstone INTEGER, is_sound INTEGER);
CREATE TABLE letters (
    place BLOB PRIMARY KEY, conversation_id TEXT, message_id TEXT, sender_id TEXT, reason TEXT,
    closed_how TEXT, era INTEGER, is_handled INTEGER) WITHOUT ROWID;
CREATE TABLE participants (
    conversation_id TEXT, user_id TEXT, joined_seq INTEGER, read_seq INTEGER,
    PRIMARY KEY (conversation_id, user_id)) WITHOUT ROWID;
CREATE TABLE unreadable (       -- documents that lack what they are told apart by
    collection TEXT, id TEXT, conversation_id TEXT, why TEXT,
    PRIMARY KEY (collection, id)) WITHOUT ROWID;
CREATE TABLE strays (           -- where the ids of records lie that their conversations lack
    id TEXT PRIMARY KEY, conversation_id TEXT, place BLOB) WITHOUT ROWID;
CREATE TABLE strangers (        -- stored messages of other conversations that replies name
    id TEXT PRIMARY KEY, conversation_id TEXT) WITHOUT ROWID;
CREATE TABLE ends (partition BLOB PRIMARY KEY, place BLOB) WITHOUT ROWID;  -- after MongoDB was read
CREATE TABLE affected (conversation_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE buried (place BLOB PRIMARY KEY) WITHOUT ROWID;  -- by this audit's repair
CREATE TABLE findings (
    look INTEGER, kind TEXT, text TEXT, conversation_id TEXT, message_id TEXT, user_id TEXT,
    place BLOB, seq INTEGER, expected TEXT, found TEXT);

CREATE INDEX findings_message ON findings (message_id);
CREATE INDEX findings_place ON findings (place);
CREATE INDEX findings_conversation ON findings (conversation_id);

-- Changes and reads that dead letters hold back. Of an unknown conversation, which may have come since,
-- what was delivered again is done: changes if their message came in that way too, a read that shows.
CREATE VIEW refused_changes AS
    SELECT c.place FROM changes c JOIN letters l ON l.place = c.place
    WHERE l.reason <> 'unknown_conversation' OR NOT EXISTS (SELECT 1 FROM documents d
        JOIN letters own ON own.place = d.place AND own.reason = 'unknown_conversation'
        WHERE d.id = c.message_id AND d.conversation_id = c.conversation_id);
-- `there_seq`: of the numbers that a read names, the highest that there was where it lies in the log.
CREATE VIEW due_reads AS
    SELECT e.conversation_id, e.user_id, e.up_to_seq,
        min(e.up_to_seq, max(coalesce(h.purged_seq, 0), coalesce((SELECT d.seq FROM documents d
            WHERE d.conversation_id = e.conversation_id AND d.seq <= e.up_to_seq
                AND d.place < e.place AND NOT d.is_restored
            ORDER BY d.seq DESC LIMIT 1), 0))) AS there_seq
    FROM reads e LEFT JOIN heads h ON h.conversation_id = e.conversation_id
    LEFT JOIN letters l ON l.place = e.place
    LEFT JOIN participants p ON p.conversation_id = e.conversation_id AND p.user_id = e.user_id
    WHERE e.is_handled AND (l.place IS NULL
        OR l.reason = 'unknown_conversation' AND e.up_to_seq <= p.read_seq);
-- How a stored message must look by now: as it was sent, and as the changes up to its rev left it.
CREATE VIEW due_messages AS
    SELECT r.place, r.conversation_id, r.message_id, r.fixed,
        iif(f.is_deleted, rest_of_deleted(), r.rest) AS rest,
        iif(f.message_id IS NULL, r.said, f.said) AS said,
        iif(f.message_id IS NULL, r.mentions, f.mentions) AS mentions,
        iif(f.is_deleted, NULL, r.reply_to) AS reply_to,
        iif(f.is_deleted, NULL, r.quoted) AS quoted,
        coalesce(f.is_edited, 0) AS is_edited, coalesce(f.is_deleted, 0) AS is_deleted,
        coalesce(f.marks, no_marks()) AS marks
    FROM records r LEFT JOIN folded f ON f.message_id = r.message_id
    WHERE r.poison IS NULL;
-- Records whose message is stored: by themselves, by an earlier record of the same message, or in
-- a document whose own place is wrong (that is told of the document). Of a stray only its place
-- counts: the records of its conversation may not have been read.
CREATE VIEW stored_records AS
    SELECT r.place AS place FROM records r JOIN documents d ON d.id = r.message_id
    LEFT JOIN records own
        ON own.place = d.place AND own.message_id = d.id AND own.poison IS NULL
    WHERE r.poison IS NULL AND CASE
        WHEN d.place = r.place THEN 1
        WHEN own.place IS NOT NULL THEN own.place < r.place AND own.digest = r.digest
            AND own.conversation_id = r.conversation_id AND own.sender_id = r.sender_id
        WHEN d.place IS NULL OR d.era = 1 THEN 1
        ELSE d.era = 0 AND d.place < r.place AND d.digest = r.digest
            AND d.conversation_id = r.conversation_id AND d.sender_id = r.sender_id
    END
    UNION ALL
    SELECT r.place FROM records r JOIN strays s ON s.id = r.message_id
    JOIN records own ON own.place = s.place AND own.message_id = r.message_id
    WHERE r.poison IS NULL AND own.poison IS NULL AND (own.place = r.place
        OR own.place < r.place AND own.digest = r.digest
            AND own.conversation_id = r.conversation_id AND own.sender_id = r.sender_id);
-- A letter that was closed because its message is stored accounts for its record only with it.
CREATE VIEW unaccounted AS
    SELECT r.*, r.is_handled OR (r.poison IS NULL AND h.mark IS NOT NULL AND r.place <= h.mark)
        AS is_due, l.place IS NOT NULL AS was_refused
    FROM records r LEFT JOIN heads h ON h.conversation_id = r.conversation_id
    LEFT JOIN letters l ON l.place = r.place
    WHERE NOT EXISTS (SELECT 1 FROM stored_records s WHERE s.place = r.place)
        AND (l.place IS NULL OR l.closed_how = 'stored' AND r.poison IS NULL
            AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = r.message_id
                AND d.conversation_id = r.conversation_id AND d.digest = r.digest));
"""

_RECORD_INDEXES = (
    "CREATE INDEX records_message ON records (message_id)",
    "CREATE INDEX records_conversation ON records (conversation_id, place)",
    "CREATE INDEX changes_message ON changes (message_id, place)",
    "CREATE INDEX reads_participant ON reads (conversation_id, user_id)",
)
_DOCUMENT_INDEXES = (
    "CREATE UNIQUE INDEX documents_id ON documents (id)",
    "CREATE INDEX documents_number ON documents (conversation_id, seq)",
    "CREATE INDEX documents_place ON documents (place)",
    "CREATE INDEX documents_tombstones ON documents (conversation_id, seq) WHERE is_tombstone",
    "CREATE INDEX documents_newer ON documents (conversation_id, seq) WHERE era = 2",
)
"""Made over a full table where that is possible: sorting is far cheaper than inserting by chance."""


class Ledger:
    """One audit's file. Not safe for two threads."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="reconcile-")
        self._database = sqlite3.connect(
            Path(self._folder.name) / "ledger.sqlite", isolation_level=None
        )
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
            f"PRAGMA temp_store = FILE; PRAGMA cache_size = -{CACHE_KIBIBYTES};"
        )
        self._database.create_function("told", 1, _told, deterministic=True)
        for name, value in (("no_marks", NO_MARKS), ("rest_of_deleted", REST_OF_DELETED)):
            self._database.create_function(name, 0, partial(bytes, value), deterministic=True)
        self._database.executescript(_SCHEMA)
        self._database.execute("BEGIN")  # never committed: the file dies with the audit

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._database.close()
        self._folder.cleanup()

    def add(self, statement: str, rows: Iterable[Row]) -> None:
        """Runs one INSERT, UPDATE or DELETE for each row."""
        self._database.executemany(statement, rows)

    def index_records(self) -> None:
        for statement in _RECORD_INDEXES:
            self.run(statement)

    def index_documents(self) -> None:
        """Before documents may come twice: the later one replaces the earlier."""
        for statement in _DOCUMENT_INDEXES:
            self.run(statement)

    def run(self, statement: str, parameters: Row | dict[str, Any] = ()) -> None:
        self._database.execute(statement, parameters)

    def rows(self, query: str, parameters: Row | dict[str, Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The result, fetched as it is consumed."""
        cursor = self._database.execute(query, parameters)
        while fetched := cursor.fetchmany(FETCHED_AT_ONCE):
            yield from fetched

    def batches(
        self, query: str, parameters: Row | dict[str, Any] = (), *, size: int = 500
    ) -> Iterator[list[tuple[Any, ...]]]:
        cursor = self._database.execute(query, parameters)
        while fetched := cursor.fetchmany(size):
            yield fetched

    def one(self, query: str, parameters: Row | dict[str, Any] = ()) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self._database.execute(query, parameters).fetchone()
        return found


def pack(place: Place | None) -> bytes | None:
    return None if place is None else struct.pack(">IIQ", *place)


def pack_spot(partition: int, offset: int) -> bytes:
    """The last 12 bytes of a place: partition and offset."""
    return struct.pack(">IQ", partition, offset)


def unpack(packed: bytes | None) -> Place | None:
    return None if packed is None else Place(*struct.unpack(">IIQ", packed))


def _told(packed: bytes | None) -> str | None:
    """A place as JSON, for the expected and found values of findings."""
    return None if packed is None else msgspec.json.encode(unpack(packed)).decode()

"""Records against stored messages: each kind of difference is one query over the ledger."""

from consumers.audit.findings import Kind
from consumers.audit.ledger import Ledger
from consumers.audit.progress import steps

_ADD = """
INSERT INTO findings
    (look, kind, text, conversation_id, message_id, place, seq, expected, found)
"""

LOST_RECORDS = """
SELECT :look, :kind,
    CASE WHEN poison IS NULL THEN 'a handled record is neither stored nor a dead letter'
    ELSE 'a handled record is poison (' || poison || ') and no dead letter' END,
    conversation_id, message_id, coalesce(min(iif(was_refused, NULL, place)), min(place)),
    NULL, NULL, NULL
FROM unaccounted WHERE is_due
GROUP BY CASE WHEN poison IS NULL THEN message_id ELSE hex(place) END,
    conversation_id, sender_id, digest
"""
"""Of several records of one message, the first one counts that was no dead letter."""

LOST_CHANGES = """
SELECT :look, :kind, 'a handled change is neither applied nor a dead letter',
    c.conversation_id, c.message_id, c.place, d.seq, NULL, NULL
FROM changes c LEFT JOIN heads h ON h.conversation_id = c.conversation_id
LEFT JOIN documents d ON d.id = c.message_id AND d.conversation_id = c.conversation_id
WHERE (c.is_handled OR h.mark >= c.place)
    AND NOT EXISTS (SELECT 1 FROM letters l WHERE l.place = c.place)
    AND CASE WHEN d.id IS NOT NULL
        THEN NOT d.is_deleted AND (d.rev IS NULL OR d.rev < c.place)
        ELSE NOT EXISTS (SELECT 1 FROM records r WHERE r.message_id = c.message_id
            AND r.conversation_id = c.conversation_id AND r.place < c.place AND r.poison IS NULL
            AND NOT EXISTS (SELECT 1 FROM letters l WHERE l.place = r.place))
        AND coalesce(h.purged_seq, 0) = 0 END
"""
"""Of a message that is lost itself only that is told. In a conversation of which a part is purged, a
message that is neither stored nor in the log was in that part."""

LOST_LETTERS = """
SELECT :look, :kind, 'its outcome is there, its record is not in the dead-letter topic',
    l.conversation_id, l.message_id, l.place, NULL, NULL, NULL
FROM letters l LEFT JOIN records r ON r.place = l.place
WHERE coalesce(l.closed_how, 'open') <> 'discarded'
    AND (:whole AND l.era = 0 OR l.era = 1 AND l.is_handled)
    AND NOT EXISTS (SELECT 1 FROM kept k WHERE k.spot = substr(l.place, 5)
        AND (r.value_crc IS NULL OR k.value_crc = r.value_crc))
"""

DOUBLED_DOCUMENTS = """
SELECT :look, :kind, 'its record is stored under the id ' || e.id || ' too',
    d.conversation_id, d.id, d.place, d.seq, NULL, NULL
FROM documents d JOIN documents e ON e.place = d.place AND e.id <> d.id
LEFT JOIN records r ON r.place = d.place AND r.poison IS NULL
WHERE CASE WHEN r.place IS NOT NULL THEN e.id = r.message_id ELSE e.seq < d.seq END
"""

DOUBLED_LETTERS = """
SELECT :look, :kind, 'its record is stored and an open dead letter (' || l.reason || ')',
    l.conversation_id, l.message_id, l.place, d.seq, NULL, NULL
FROM letters l JOIN documents d ON d.place = l.place AND d.id = l.message_id
WHERE l.closed_how IS NULL AND l.reason <> 'unknown_conversation'
"""

CLOSABLE_LETTERS = """
SELECT :look, :kind, 'the conversation came later and its message is stored',
    l.conversation_id, l.message_id, l.place, d.seq, NULL, NULL
FROM letters l JOIN documents d ON d.id = l.message_id AND d.conversation_id = l.conversation_id
LEFT JOIN records r ON r.place = l.place
WHERE l.closed_how IS NULL AND l.reason = 'unknown_conversation'
    AND (r.digest IS NULL OR r.digest = d.digest)
    AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.place = l.place)
"""

FOREIGN_TO_THE_LOG = """
SELECT :look, :kind, CASE
        WHEN d.place IS NULL THEN 'it names no record, and is no tombstone'
        WHEN d.era = 3 THEN 'it names a generation of the topic that there is not'
        ELSE 'no record accounts for it' END,
    d.conversation_id, d.id, d.place, d.seq, NULL, NULL
FROM documents d LEFT JOIN ends e ON e.partition = substr(d.place, 1, 8)
WHERE NOT d.is_tombstone
    AND (d.place IS NULL OR d.era IN (1, 3) OR d.era = 2 AND (e.place IS NULL OR d.place >= e.place))
    AND NOT EXISTS (SELECT 1 FROM records r WHERE r.message_id = d.id AND r.poison IS NULL)
    AND NOT EXISTS (SELECT 1 FROM findings f
        WHERE f.look = :look AND f.kind = 'doubled' AND f.message_id = d.id)
"""

FOREIGN_BEHIND_THE_LAST = """
SELECT :look, :kind,
    'it lies behind lastSeq against the order of the log, and its record has expired',
    d.conversation_id, d.id, d.place, d.seq, NULL, NULL
FROM documents d JOIN heads h ON h.conversation_id = d.conversation_id
WHERE d.era = 0 AND NOT d.is_restored AND d.seq > h.last_seq AND d.place <= h.mark
    AND d.place < (SELECT max(below.place) FROM documents below
        WHERE below.conversation_id = d.conversation_id AND NOT below.is_restored
            AND below.seq BETWEEN 1 AND h.last_seq)
    AND NOT EXISTS (SELECT 1 FROM records r WHERE r.message_id = d.id AND r.poison IS NULL)
    AND NOT EXISTS (SELECT 1 FROM findings f
        WHERE f.look = :look AND f.kind IN ('foreign', 'doubled') AND f.message_id = d.id)
"""
"""In the log's order it would be one of a head that was set back, and counts again."""

FOREIGN_TO_CONVERSATIONS = """
SELECT :look, :kind, 'there is no such conversation', d.conversation_id, d.id, d.place, d.seq,
    NULL, NULL
FROM documents d
WHERE NOT EXISTS (SELECT 1 FROM heads h WHERE h.conversation_id = d.conversation_id)
    AND NOT EXISTS (SELECT 1 FROM findings f
        WHERE f.look = :look AND f.kind IN ('foreign', 'doubled') AND f.message_id = d.id)
    AND NOT EXISTS (SELECT 1 FROM records r WHERE r.message_id = d.id AND r.place = d.place
        AND r.conversation_id IS NOT d.conversation_id)
"""

WRONG_CONTENTS = """
SELECT :look, :kind, CASE
        WHEN r.fixed <> d.fixed THEN 'conversation, tenant, sender, type, time or digest differ'
        WHEN r.is_deleted < d.is_deleted THEN 'it is deleted, and no event says so'
        WHEN r.is_deleted > d.is_deleted THEN 'an event deletes it, and it is not deleted'
        WHEN r.is_edited < d.is_edited THEN 'it is edited, and no event says so'
        WHEN r.is_edited > d.is_edited THEN 'an event edits it, and it is not edited'
        WHEN r.said IS NOT d.said OR r.rest <> d.rest OR r.mentions IS NOT d.mentions
            THEN 'text, mentions, attachments or status differ'
        WHEN r.marks <> d.marks THEN 'reactions or pin differ'
        WHEN r.reply_to IS NOT d.reply_to THEN 'it answers another message'
        WHEN t.is_deleted THEN 'it quotes a deleted message'
        ELSE 'it quotes what was not said' END,
    r.conversation_id, d.id, d.place, d.seq, json_quote(r.reply_to), json_quote(d.reply_to)
FROM documents d JOIN due_messages r ON r.place = d.place AND r.message_id = d.id
LEFT JOIN documents t ON t.id = r.reply_to
LEFT JOIN strangers s ON s.id = r.reply_to
WHERE r.fixed <> d.fixed OR coalesce(d.rev_era, 1) = 1 AND (
    r.said IS NOT d.said OR r.rest <> d.rest OR r.mentions IS NOT d.mentions
    OR r.marks <> d.marks OR r.is_deleted <> d.is_deleted OR r.is_edited <> d.is_edited
    OR d.reply_to IS NOT r.reply_to AND NOT (d.reply_to IS NULL
        AND coalesce(t.conversation_id, s.conversation_id, d.conversation_id)
            <> d.conversation_id)
    OR d.reply_to IS NOT NULL AND d.quoted IS NOT NULL AND t.is_deleted
        AND t.conversation_id = d.conversation_id
    OR d.reply_to IS r.reply_to AND d.quoted IS NOT r.quoted
        AND NOT (d.quoted IS NULL AND t.id IS NULL AND EXISTS (SELECT 1 FROM heads h
            WHERE h.conversation_id = d.conversation_id AND (h.purged_seq > 0 OR h.has_erased)))
        AND NOT (t.id IS NOT NULL AND t.conversation_id = d.conversation_id
            AND t.said IS d.quoted)
        AND NOT EXISTS (SELECT 1 FROM records q WHERE q.message_id = r.reply_to
            AND q.poison IS NULL AND q.conversation_id = d.conversation_id
            AND q.said IS d.quoted)
        AND NOT EXISTS (SELECT 1 FROM changes q WHERE q.message_id = r.reply_to
            AND q.conversation_id = d.conversation_id AND q.said IS d.quoted))
"""
"""A reply quotes the answered message as it was at some time, or what its own event quotes; nothing
of one that is purged, nor of one that is not stored where somebody was erased. What was changed after
the log was read (`rev_era` 2) is not judged by it."""

WRONG_REVS = """
SELECT :look, :kind, 'rev is not the place of a change of this message',
    d.conversation_id, d.id, d.place, d.seq, NULL, told(d.rev)
FROM documents d
WHERE d.rev_era = 1 AND NOT EXISTS (SELECT 1 FROM changes c
    WHERE c.place = d.rev AND c.message_id = d.id AND c.conversation_id = d.conversation_id)
"""

WRONG_PLACES = """
SELECT :look, :kind, 'src names another place than its record''s',
    d.conversation_id, d.id, min(r.place), d.seq, told(min(r.place)), told(d.place)
FROM documents d JOIN records r ON r.message_id = d.id AND r.poison IS NULL
WHERE (d.place IS NULL OR d.era = 1)
    AND NOT EXISTS (SELECT 1 FROM records own
        WHERE own.place = d.place AND own.message_id = d.id AND own.poison IS NULL)
GROUP BY d.id
"""

STRAYS = """
SELECT :look, :kind, 'it is stored in another conversation',
    r.conversation_id, r.message_id, r.place, NULL,
    json_quote(r.conversation_id), json_quote(s.conversation_id)
FROM strays s JOIN records r ON r.place = s.place AND r.message_id = s.id
WHERE r.poison IS NULL AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.id = s.id)
"""

UNSOUND_CONTENTS = """
SELECT :look, :kind, CASE
        WHEN is_deleted THEN 'it is deleted, and no event says so'
        WHEN is_edited THEN 'it is edited, and no event says so'
        ELSE 'src.h is not the digest of what is stored, or status or partition are not its own' END,
    conversation_id, id, place, seq, NULL, NULL
FROM documents WHERE era = 0 AND NOT is_sound AND conversation_id IS NOT NULL
"""

QUOTES = """
SELECT :look, :kind, CASE WHEN t.is_deleted THEN 'it quotes a deleted message'
        ELSE 'it quotes a message that is neither stored nor in the log, and others are purged' END,
    d.conversation_id, d.id, d.place, d.seq, NULL, json_quote(d.reply_to)
FROM documents d LEFT JOIN documents t ON t.id = d.reply_to
LEFT JOIN heads h ON h.conversation_id = d.conversation_id
WHERE d.quoted IS NOT NULL AND d.conversation_id IS NOT NULL
    AND (t.is_deleted AND t.conversation_id = d.conversation_id
        OR t.id IS NULL AND h.purged_seq > 0
            AND NOT EXISTS (SELECT 1 FROM records q WHERE q.message_id = d.reply_to))
    AND NOT EXISTS (SELECT 1 FROM findings f
        WHERE f.look = :look AND f.kind IN ('foreign', 'wrong_content') AND f.message_id = d.id)
"""
"""Whatever the log still holds of the reply. A message of a purged conversation that is nowhere may be
one of the purged."""

WRONG_TENANTS = """
SELECT :look, :kind, 'its tenant is not the conversation''s',
    d.conversation_id, d.id, d.place, d.seq, json_quote(h.tenant_id), json_quote(d.tenant_id)
FROM documents d JOIN heads h ON h.conversation_id = d.conversation_id
WHERE d.tenant_id IS NOT h.tenant_id AND NOT EXISTS (SELECT 1 FROM findings f
    WHERE f.look = :look AND f.kind IN ('foreign', 'wrong_content') AND f.message_id = d.id)
"""

WRONG_LETTERS = """
SELECT :look, :kind, 'its outcome tells other ids, or another reason, than its record gives',
    l.conversation_id, l.message_id, l.place, NULL, json_quote(r.poison), json_quote(l.reason)
FROM letters l JOIN records r ON r.place = l.place
WHERE l.conversation_id IS NOT r.conversation_id OR l.message_id IS NOT r.message_id
    OR l.sender_id IS NOT r.sender_id
    OR CASE WHEN r.poison IS NULL THEN l.reason IN ('malformed', 'oversize', 'wrong_partition')
        ELSE l.reason <> r.poison END
"""

UNREADABLE = """
SELECT :look, :kind, collection || ': ' || why, conversation_id, NULL, NULL, NULL,
    NULL, json_quote(id)
FROM unreadable
"""

_QUERIES = (
    (Kind.LOST, LOST_RECORDS),
    (Kind.LOST, LOST_CHANGES),
    (Kind.LOST, LOST_LETTERS),
    (Kind.DOUBLED, DOUBLED_DOCUMENTS),
    (Kind.DOUBLED, DOUBLED_LETTERS),
    (Kind.CLOSABLE_LETTER, CLOSABLE_LETTERS),
    (Kind.FOREIGN, FOREIGN_TO_THE_LOG),
    (Kind.FOREIGN, FOREIGN_BEHIND_THE_LAST),
    (Kind.FOREIGN, FOREIGN_TO_CONVERSATIONS),
    (Kind.WRONG_CONTENT, WRONG_CONTENTS),
    (Kind.WRONG_CONTENT, WRONG_REVS),
    (Kind.WRONG_CONTENT, WRONG_PLACES),
    (Kind.WRONG_CONTENT, STRAYS),
    (Kind.WRONG_CONTENT, UNSOUND_CONTENTS),
    (Kind.WRONG_CONTENT, QUOTES),
    (Kind.WRONG_CONTENT, WRONG_TENANTS),
    (Kind.WRONG_LETTER, WRONG_LETTERS),
    (Kind.UNREADABLE, UNREADABLE),
)


def check_records(ledger: Ledger, look: int, *, whole: bool) -> None:
    """Adds the findings of this look. `whole`: also letters whose records have expired."""
    for kind, query in steps("checks of records", _QUERIES):
        ledger.run(_ADD + query, {"look": look, "kind": kind.value, "whole": int(whole)})


def in_flight(ledger: Ledger) -> tuple[int, int | None]:
    """How many records nobody has handled yet, and when the oldest was appended (epoch ms)."""
    count, oldest_ms = ledger.one(
        "SELECT count(*), min(appended_ms) FROM unaccounted WHERE NOT is_due"
    )
    return count, oldest_ms

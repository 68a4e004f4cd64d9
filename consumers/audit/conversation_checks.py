"""Conversations against their messages: numbers, last message, mark, participants."""

from consumers.audit.findings import Kind
from consumers.audit.ledger import Ledger
from consumers.audit.progress import steps

_ADD = """
INSERT INTO findings
    (look, kind, text, conversation_id, message_id, user_id, place, seq, expected, found)
"""

GAPS = """
SELECT :look, :kind, CASE WHEN seq = below + 2 THEN 'no message has this number'
        ELSE 'no message has the numbers ' || (below + 1) || ' to ' || (seq - 1) END,
    conversation_id, NULL, NULL, NULL, below + 1, NULL, NULL
FROM (SELECT d.conversation_id, d.seq,
        lag(d.seq, 1, h.purged_seq) OVER (PARTITION BY d.conversation_id ORDER BY d.seq) AS below
    FROM documents d JOIN heads h ON h.conversation_id = d.conversation_id
    WHERE d.seq BETWEEN h.purged_seq + 1 AND h.last_seq)
WHERE seq > below + 1
"""
"""Numbers up to `purged_seq` are known to be gone; what is still there of them is being removed."""

REPEATS = """
SELECT :look, :kind, 'its number is another message''s too',
    conversation_id, id, NULL, place, seq, NULL, NULL
FROM (SELECT *, row_number() OVER (PARTITION BY conversation_id, seq ORDER BY place, id) AS turn
    FROM documents WHERE conversation_id IS NOT NULL AND seq IS NOT NULL)
WHERE turn > 1
"""

WRONG_LAST_NUMBERS = """
SELECT :look, :kind, 'lastSeq is not the last number',
    conversation_id, NULL, NULL, NULL, last_seq, highest, last_seq
FROM (SELECT h.conversation_id, h.last_seq, max(h.purged_seq, coalesce((
        SELECT max(d.seq) FROM documents d
        WHERE d.conversation_id = h.conversation_id AND d.seq <= h.last_seq), 0)) AS highest
    FROM heads h)
WHERE last_seq <> highest
"""

NUMBERS_OUT_OF_RANGE = """
SELECT :look, :kind, CASE WHEN d.seq IS NULL THEN 'its number is no whole number'
        WHEN d.seq < 1 THEN 'a number below 1'
        ELSE 'a number above lastSeq, though the mark covers its record' END,
    d.conversation_id, d.id, NULL, d.place, d.seq, NULL, h.last_seq
FROM documents d JOIN heads h ON h.conversation_id = d.conversation_id
WHERE d.seq IS NULL OR d.seq < 1 OR d.seq > h.last_seq AND d.place <= h.mark
    AND NOT EXISTS (SELECT 1 FROM findings f
        WHERE f.look = :look AND f.kind = 'foreign' AND f.message_id = d.id)
"""

WRONG_ORDER = """
SELECT :look, :kind, 'its number is not in the order of the log',
    conversation_id, id, NULL, place, seq, NULL, NULL
FROM (SELECT d.*, max(d.place) OVER (PARTITION BY d.conversation_id ORDER BY d.seq
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS furthest
    FROM documents d JOIN heads h ON h.conversation_id = d.conversation_id
    WHERE d.place IS NOT NULL AND NOT d.is_restored AND d.seq BETWEEN 1 AND h.last_seq
        AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.look = :look AND f.message_id = d.id
            AND f.kind IN ('foreign', 'doubled', 'wrong_content', 'repeat')))
WHERE place < furthest
"""

WRONG_LAST_MESSAGES = """
WITH newest AS (
    SELECT conversation_id, id, seq, last FROM (
        SELECT d.conversation_id, d.id, d.seq, d.last, row_number() OVER (
            PARTITION BY d.conversation_id ORDER BY d.sent_ms DESC, d.seq DESC) AS turn
        FROM documents d JOIN heads h ON h.conversation_id = d.conversation_id
        WHERE NOT d.is_deleted AND d.seq > h.purged_seq AND d.seq <= h.last_seq)
    WHERE turn = 1)
SELECT :look, :kind, CASE WHEN n.id IS NULL THEN 'there is no message that could be the last'
        ELSE 'lastMessage is not the newest undeleted message, or tells it wrongly' END,
    h.conversation_id, n.id, NULL, NULL, n.seq, json_quote(n.id), NULL
FROM heads h LEFT JOIN newest n ON n.conversation_id = h.conversation_id
WHERE h.last IS NOT n.last
"""

_DUE_MARKS = """
SELECT conversation_id, max(place) AS place FROM (
    SELECT r.conversation_id, r.place FROM records r
    WHERE r.poison IS NULL AND r.is_handled {of_records}
        AND (EXISTS (SELECT 1 FROM stored_records s WHERE s.place = r.place)
        OR EXISTS (SELECT 1 FROM letters l WHERE l.place = r.place
            AND l.reason NOT IN ('unknown_conversation', 'malformed', 'wrong_partition')))
    UNION ALL
    SELECT c.conversation_id, c.place FROM changes c
    WHERE c.is_handled {of_changes}
        AND (EXISTS (SELECT 1 FROM documents t WHERE t.id = c.message_id
            AND t.conversation_id = c.conversation_id AND (t.is_deleted OR t.rev >= c.place))
        OR EXISTS (SELECT 1 FROM letters l WHERE l.place = c.place
            AND l.reason NOT IN ('unknown_conversation', 'malformed', 'wrong_partition')))
    UNION ALL
    SELECT d.conversation_id, d.place FROM documents d
    JOIN heads own ON own.conversation_id = d.conversation_id
    WHERE d.seq <= own.last_seq AND d.place IS NOT NULL {of_documents}
        AND NOT EXISTS (SELECT 1 FROM findings f WHERE f.look = :look
            AND f.message_id = d.id AND f.kind IN ('foreign', 'doubled', 'wrong_content')))
GROUP BY conversation_id
"""
"""By conversation: the highest place that is done, so that its mark must cover it."""
DUE_MARKS = _DUE_MARKS.format(of_records="", of_changes="", of_documents="")
DUE_MARK = _DUE_MARKS.format(
    of_records="AND r.conversation_id = :conversation_id",
    of_changes="AND c.conversation_id = :conversation_id",
    of_documents="AND d.conversation_id = :conversation_id",
)

MARKS_THAT_ARE_NONE = """
SELECT :look, :kind, 'the log holds something that is no mark',
    conversation_id, NULL, NULL, NULL, NULL, NULL, NULL
FROM heads WHERE NOT is_log_whole
"""

MARKS_TOO_LOW = f"""
SELECT :look, :kind, 'the mark does not cover a record that is done',
    h.conversation_id, NULL, NULL, m.place, NULL, told(m.place), told(h.mark)
FROM heads h JOIN ({DUE_MARKS}) m ON m.conversation_id = h.conversation_id
WHERE h.mark IS NULL OR h.mark < m.place
"""  # noqa: S608  # fixed text

MARKS_TOO_HIGH = """
SELECT :look, :kind, 'the mark is not the place of a record of this conversation',
    h.conversation_id, NULL, NULL, h.mark, NULL, NULL, told(h.mark)
FROM heads h LEFT JOIN ends e ON e.partition = substr(h.mark, 1, 8)
WHERE h.mark_era = 3 OR h.mark_era = 2 AND (e.place IS NULL OR h.mark >= e.place)
    OR h.mark_era = 1 AND NOT EXISTS (SELECT 1 FROM records r
        WHERE r.place = h.mark AND r.conversation_id = h.conversation_id AND r.poison IS NULL)
        AND NOT EXISTS (SELECT 1 FROM changes c
            WHERE c.place = h.mark AND c.conversation_id = h.conversation_id)
"""

ORPHANS = """
SELECT :look, :kind, 'a participant of no conversation',
    p.conversation_id, NULL, p.user_id, NULL, NULL, NULL, NULL
FROM participants p
WHERE NOT EXISTS (SELECT 1 FROM heads h WHERE h.conversation_id = p.conversation_id)
"""

_QUERIES = (
    (Kind.GAP, GAPS),
    (Kind.REPEAT, REPEATS),
    (Kind.WRONG_NUMBER, WRONG_LAST_NUMBERS),
    (Kind.WRONG_NUMBER, NUMBERS_OUT_OF_RANGE),
    (Kind.WRONG_NUMBER, WRONG_ORDER),
    (Kind.WRONG_LAST_MESSAGE, WRONG_LAST_MESSAGES),
    (Kind.WRONG_MARK, MARKS_THAT_ARE_NONE),
    (Kind.WRONG_MARK, MARKS_TOO_LOW),
    (Kind.WRONG_MARK, MARKS_TOO_HIGH),
    (Kind.ORPHAN_PARTICIPANT, ORPHANS),
)


def due_mark(ledger: Ledger, look: int, conversation_id: str) -> bytes | None:
    """The packed place that this conversation's mark must cover; None: nothing is done."""
    rows = ledger.rows(DUE_MARK, {"look": look, "conversation_id": conversation_id})
    return next((row[1] for row in rows), None)


def check_conversations(ledger: Ledger, look: int) -> None:
    """Adds the findings of this look; after `check_records`, whose findings some queries use."""
    for kind, query in steps("checks of conversations", _QUERIES):
        ledger.run(_ADD + query, {"look": look, "kind": kind.value})

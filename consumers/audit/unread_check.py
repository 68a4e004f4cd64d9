"""What the API calls unread, against a recount: from the raw log where it holds everything."""

from chat_project.mongodb import majority_collection, taking_up_to
from consumers.audit.database_side import READ_SECONDS
from consumers.audit.findings import Kind
from consumers.audit.ledger import Ledger, Row
from messaging.unread import unread_counts

PARTICIPANTS_AT_ONCE = 500

_FORGET = "DROP TABLE IF EXISTS accepted"
_NUMBER = """
CREATE TEMPORARY TABLE accepted AS
SELECT conversation_id, sender_id,
    row_number() OVER (PARTITION BY conversation_id ORDER BY place) AS rank
FROM (
    SELECT r.conversation_id, r.sender_id, coalesce(
        min(d.place), min(iif(l.place IS NULL, r.place, NULL)),
        min(r.place)) AS place
    FROM records r JOIN heads h ON h.conversation_id = r.conversation_id
    LEFT JOIN documents d ON d.place = r.place AND d.id = r.message_id
    LEFT JOIN letters l ON l.place = r.place
    WHERE r.poison IS NULL AND (d.place IS NOT NULL
            OR r.place <= h.mark AND (l.place IS NULL OR l.closed_how = 'stored'))
        AND (:all OR r.conversation_id IN (SELECT conversation_id FROM affected))
    GROUP BY r.conversation_id, r.message_id, r.sender_id, r.digest)
"""
"""Messages that were accepted, from the log; MongoDB only tells that there is one of a place. The
n-th of a conversation has the number n, but for tombstones before it."""
_INDEX = "CREATE INDEX accepted_rank ON accepted (conversation_id, rank, sender_id)"

_EXPECTED = """
WITH whole AS MATERIALIZED (  -- conversations all of whose messages are in the log that was read, or newer
    SELECT h.conversation_id FROM heads h WHERE NOT EXISTS (SELECT 1 FROM documents d
        WHERE d.conversation_id = h.conversation_id AND NOT d.is_tombstone
            AND (d.place IS NULL OR d.is_restored OR d.era IN (0, 3)))),
positions AS (
    SELECT p.conversation_id, p.user_id, p.joined_seq, p.read_seq, h.last_seq,
        w.conversation_id IS NOT NULL AS is_whole,
        p.joined_seq - (SELECT count(*) FROM documents t WHERE t.is_tombstone
            AND t.conversation_id = p.conversation_id AND t.seq <= p.joined_seq) AS read_rank
    FROM participants p JOIN heads h ON h.conversation_id = p.conversation_id
    LEFT JOIN whole w ON w.conversation_id = p.conversation_id
    WHERE :all OR p.conversation_id IN (SELECT conversation_id FROM affected))
SELECT conversation_id, user_id, joined_seq, read_seq, last_seq, is_whole, CASE WHEN is_whole THEN
        (SELECT count(*) FROM accepted a WHERE a.conversation_id = p.conversation_id
            AND a.rank > p.read_rank AND a.sender_id <> p.user_id)
        + (SELECT count(*) FROM documents d WHERE d.conversation_id = p.conversation_id
            AND d.era = 2 AND d.seq > p.joined_seq
            AND d.sender_id <> p.user_id AND NOT d.is_tombstone)
    ELSE
        (SELECT count(*) FROM documents d WHERE d.conversation_id = p.conversation_id
            AND d.seq > p.read_seq AND d.sender_id <> p.user_id AND NOT d.is_tombstone)
    END
FROM positions p
"""
"""A participant has read up to joinedSeq: no event moves the position on yet."""


def check_unread(ledger: Ledger, look: int, *, only_affected: bool) -> None:
    """Adds a finding for each participant whose count or read position is wrong."""
    scope = {"all": int(not only_affected)}
    ledger.run(_FORGET)
    ledger.run(_NUMBER, scope)
    ledger.run(_INDEX)
    for batch in ledger.batches(_EXPECTED, scope, size=PARTICIPANTS_AT_ONCE):
        with taking_up_to(READ_SECONDS):
            counts = unread_counts([(row[0], row[1]) for row in batch])
        rows = [row for expected in batch if (row := _finding(ledger, look, expected, counts))]
        ledger.add(
            "INSERT INTO findings (look, kind, text, conversation_id, user_id, seq, expected,"
            " found) VALUES (?,?,?,?,?,?,?,?)",
            rows,
        )


def _finding(
    ledger: Ledger, look: int, expected: Row, counts: dict[tuple[str, str], int]
) -> Row | None:
    conversation_id, user_id, joined_seq, read_seq, last_seq, is_whole, count = expected
    counted = counts.get((conversation_id, user_id))
    if counted is None:  # not a participant any more
        return None
    where = (conversation_id, user_id, read_seq)
    kind = Kind.WRONG_UNREAD.value
    if not joined_seq <= read_seq <= max(joined_seq, last_seq):
        text = f"the read position is not between {joined_seq} (joined) and {last_seq} (lastSeq)"
        return (look, kind, text, *where, str(joined_seq), str(read_seq))
    if counted == count or counted - count in range(_newer(ledger, conversation_id) + 1):
        return None
    text = f"unread is not what a recount of the {'log' if is_whole else 'messages'} gives"
    return (look, kind, text, *where, str(count), str(counted))


def _newer(ledger: Ledger, conversation_id: str) -> int:
    """How many messages may have been stored since the ledger's were read."""
    known = ledger.one(
        "SELECT coalesce(max(seq), 0) FROM documents WHERE conversation_id = ?", (conversation_id,)
    )[0]
    newest = majority_collection("messages").find_one(
        {"conversationId": conversation_id}, {"seq": 1}, sort=[("seq", -1)]
    )
    return max(0, newest["seq"] - known) if newest else 0

"""What the API calls unread, against a recount: from the raw log where it holds everything."""

from chat_project.mongodb import majority_collection, taking_up_to
from consumers.audit.database_side import READ_SECONDS
from consumers.audit.findings import Kind
from consumers.audit.ledger import Ledger, Row
from consumers.audit.parsing import whole_number
from consumers.audit.progress import bar
from conversations.unread import LIMIT, unread_counts

PARTICIPANTS_AT_ONCE = 500

_FORGET = "DROP TABLE IF EXISTS accepted"
_NUMBER = """
CREATE TEMPORARY TABLE accepted AS
SELECT conversation_id, sender_id,
    row_number() OVER (PARTITION BY conversation_id ORDER BY place) AS rank, is_deleted
FROM (
    SELECT r.conversation_id, r.sender_id, max(
            iif(coalesce(d.rev_era, 1) = 1, coalesce(f.is_deleted, 0), d.is_deleted)) AS is_deleted, coalesce(
        min(d.place), min(iif(l.place IS NULL, r.place, NULL)),
        min(r.place)) AS place
    FROM records r JOIN heads h ON h.conversation_id = r.conversation_id
    LEFT JOIN documents d ON d.place = r.place AND d.id = r.message_id
    LEFT JOIN folded f ON f.message_id = d.id
    LEFT JOIN letters l ON l.place = r.place
    WHERE r.poison IS NULL AND (d.place IS NOT NULL
            OR r.place <= h.mark AND (l.place IS NULL OR l.closed_how = 'stored'))
        AND (:all OR r.conversation_id IN (SELECT conversation_id FROM affected))
    GROUP BY r.conversation_id, r.message_id, r.sender_id, r.digest)
"""
"""Messages that were accepted, from the log; MongoDB only tells that there is one of a place. The
n-th of a conversation has the number n, but for tombstones before it. Deleted is what an event of the
log deletes; of later events MongoDB tells."""
_INDEX = "CREATE INDEX accepted_rank ON accepted (conversation_id, rank, sender_id)"

_EXPECTED = """
WITH whole AS MATERIALIZED (  -- conversations all of whose messages are in the log that was read, or newer
    SELECT h.conversation_id FROM heads h WHERE h.purged_seq = 0 AND NOT EXISTS (SELECT 1 FROM documents d
        WHERE d.conversation_id = h.conversation_id AND NOT d.is_tombstone
            AND (d.place IS NULL OR d.is_restored OR d.era IN (0, 3)))),
positions AS (
    SELECT p.conversation_id, p.user_id, p.joined_seq, p.read_seq,
        max(p.joined_seq, coalesce((SELECT max(e.there_seq) FROM due_reads e
            WHERE e.conversation_id = p.conversation_id AND e.user_id = p.user_id), 0)) AS due_seq,
        max(p.joined_seq, coalesce((SELECT max(e.up_to_seq) FROM due_reads e
            WHERE e.conversation_id = p.conversation_id AND e.user_id = p.user_id), 0)) AS most_seq,
        h.last_seq, w.conversation_id IS NOT NULL AS is_whole,
        (SELECT count(*) FROM documents t WHERE t.is_tombstone
            AND t.conversation_id = p.conversation_id AND t.seq <= p.read_seq) AS below,
        (SELECT count(*) FROM documents t WHERE t.is_tombstone
            AND t.conversation_id = p.conversation_id AND t.seq <= p.read_seq + :most) AS within
    FROM participants p JOIN heads h ON h.conversation_id = p.conversation_id
    LEFT JOIN whole w ON w.conversation_id = p.conversation_id
    WHERE :all OR p.conversation_id IN (SELECT conversation_id FROM affected))
SELECT conversation_id, user_id, joined_seq, read_seq, due_seq, most_seq, last_seq, is_whole,
    CASE WHEN is_whole THEN
        (SELECT count(*) FROM accepted a WHERE a.conversation_id = p.conversation_id
            AND a.rank > p.read_seq - p.below AND a.rank <= p.read_seq + :most - p.within
            AND a.sender_id <> p.user_id AND NOT a.is_deleted)
        + (SELECT count(*) FROM documents d WHERE d.conversation_id = p.conversation_id
            AND d.era = 2 AND d.seq > p.read_seq AND d.seq <= p.read_seq + :most
            AND d.sender_id <> p.user_id AND NOT d.is_deleted)
    ELSE
        (SELECT count(*) FROM documents d WHERE d.conversation_id = p.conversation_id
            AND d.seq > p.read_seq AND d.seq <= p.read_seq + :most
            AND d.sender_id <> p.user_id AND NOT d.is_deleted)
    END
FROM positions p
"""
"""`due_seq`: where the participant must have read up to, by the reads of the log that are handled;
`most_seq`: up to where they may, if some of them name numbers that there were not yet.
The count begins at the position as it is, and is bounded as the API's is."""

_ADD = (
    "INSERT INTO findings (look, kind, text, conversation_id, user_id, seq, expected, found)"
    " VALUES (?,?,?,?,?,?,?,?)"
)


def check_unread(ledger: Ledger, look: int, *, only_affected: bool, is_still: bool) -> None:
    """Adds a finding for each participant whose count or read position is wrong.

    `is_still`: nothing came into the log since it was read. Then no position may be ahead, where all
    messages are in the log: what is older may have been read by events that are gone.
    """
    scope = {"all": int(not only_affected), "most": LIMIT}
    ledger.run(_FORGET)
    ledger.run(_NUMBER, {"all": scope["all"]})
    ledger.run(_INDEX)
    total = ledger.one("SELECT count(*) FROM participants")[0] if not only_affected else None
    with bar("participants", total) as progress:
        for batch in ledger.batches(_EXPECTED, scope, size=PARTICIPANTS_AT_ONCE):
            with taking_up_to(READ_SECONDS):
                counts = unread_counts([(row[0], row[1]) for row in batch])
            found = (_finding(ledger, expected, counts, is_still=is_still) for expected in batch)
            rows = [(look, Kind.WRONG_UNREAD.value, *each) for each in found if each]
            ledger.add(_ADD, rows)
            progress.update(len(batch))


def _finding(
    ledger: Ledger, row: Row, counts: dict[tuple[str, str], int], *, is_still: bool
) -> Row | None:
    """(text, conversation, user, read position, expected, found); None: all is right."""
    conversation_id, user_id, joined_seq, read_seq, due_seq, most_seq, last_seq, is_whole, count = (
        row
    )
    counted = counts.get((conversation_id, user_id))
    if counted is None:  # not a participant any more
        return None
    where = (conversation_id, user_id, read_seq)
    if joined_seq is None or not 0 <= joined_seq <= max(last_seq, 0):
        return ("joinedSeq is no number up to lastSeq", *where, _told(last_seq), _told(joined_seq))
    if read_seq is not None and read_seq > max(last_seq, 0):
        return ("the read position is beyond lastSeq", *where, _told(due_seq), _told(read_seq))
    is_due = read_seq is not None and due_seq <= read_seq <= most_seq
    is_ahead = read_seq is not None and read_seq > most_seq
    if not is_due and not (is_ahead and not (is_still and is_whole)):
        return ("the read position is not the log's", *where, _told(due_seq), _told(read_seq))
    if counted == count or counted - count in range(_newer(ledger, conversation_id) + 1):
        return None
    text = f"unread is not what a recount of the {'log' if is_whole else 'messages'} gives"
    return (text, *where, _told(count), _told(counted))


def _told(number: int | None) -> str | None:
    return None if number is None else str(number)


def _newer(ledger: Ledger, conversation_id: str) -> int:
    """How many messages may have been stored since the ledger's were read."""
    known = ledger.one(
        "SELECT coalesce(max(seq), 0) FROM documents WHERE conversation_id = ?", (conversation_id,)
    )[0]
    newest = majority_collection("messages").find_one(
        {"conversationId": conversation_id}, {"seq": 1}, sort=[("seq", -1)]
    )
    number = whole_number(newest.get("seq")) if newest else None
    return max(0, number - known) if number is not None else 0

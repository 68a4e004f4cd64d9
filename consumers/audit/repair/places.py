"""Which number a message may take now: a hole that fits the log's order, else the next one."""

from collections.abc import Callable

from chat_project.mongodb import Document
from consumers import heads, messages
from consumers.audit.ledger import Ledger, pack
from consumers.heads import HeadUpdate
from consumers.numbering import newest
from consumers.records import Place

PASSES = 20


def fitting_hole(ledger: Ledger, conversation_id: str, place: Place | None) -> int | None:
    """The lowest free number between the messages before and behind this place.

    As of the last look; the number may be taken meanwhile, which its unique index tells.
    """
    if place is None:
        return None
    below, above, last_seq = ledger.one(
        "SELECT max(h.purged_seq, coalesce(max(CASE WHEN d.place < :place THEN d.seq END), 0)),"
        " min(CASE WHEN d.place > :place THEN d.seq END), h.last_seq"
        " FROM heads h LEFT JOIN documents d ON d.conversation_id = h.conversation_id"
        " AND NOT d.is_restored AND d.seq BETWEEN 1 AND h.last_seq AND d.place <> :place"
        " WHERE h.conversation_id = :id",
        {"place": pack(place), "id": conversation_id},
    )
    if last_seq is None:
        return None
    return _first_free(ledger, conversation_id, below + 1, last_seq if above is None else above - 1)


def _first_free(ledger: Ledger, conversation_id: str, first: int, last: int) -> int | None:
    query = """
        SELECT min(seq) FROM (
            SELECT :first AS seq UNION ALL
            SELECT d.seq + 1 FROM documents d
            WHERE d.conversation_id = :id AND d.seq BETWEEN :first AND :last - 1) candidate
        WHERE seq <= :last AND NOT EXISTS (SELECT 1 FROM documents taken
            WHERE taken.conversation_id = :id AND taken.seq = candidate.seq)
    """
    wanted = {"id": conversation_id, "first": first, "last": last}
    found: int | None = ledger.one(query, wanted)[0]
    return found


def take_next_number(conversation_id: str, store: Callable[[int], Document | None]) -> bool:
    """Stores behind lastSeq and moves the head there by compare-and-set; a live consumer may race.

    `store(seq)` gives the stored document, or None if the number is taken. False: others were
    faster each time; what is stored above lastSeq then is found by the next look.
    """
    document: Document | None = None
    for _ in range(PASSES):
        head = heads.read_heads([conversation_id]).get(conversation_id)
        mark = max(head.marks.values(), default=None) if head else None
        if head is None or mark is None:
            return False
        last_seq = head.last_seq or 0
        if document is None:
            held = messages.read_numbers_above(last_seq, conversation_id)
            document = store(
                next(seq for seq in range(last_seq + 1, last_seq + 1_000_000) if seq not in held)
            )
            continue
        if document["seq"] <= last_seq:
            return True
        last = newest([head.last_message, messages.last_message_of(document)])
        update = HeadUpdate(head, document["seq"], last, mark)
        if document["seq"] == last_seq + 1 and heads.update_heads([update]):
            return True
    return False

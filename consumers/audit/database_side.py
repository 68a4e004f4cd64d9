"""What MongoDB says: heads, messages, letters and participants, into the ledger.

Heads are read before their messages, with read concern majority: a message at or below a head's
lastSeq was durable when the head was, so those that are missing are missing.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from chat_project.mongodb import Document, majority_collection, taking_up_to
from consumers.audit import digests
from consumers.audit.ledger import Ledger, Row, pack
from consumers.audit.parsing import whole_number
from consumers.audit.progress import bar
from consumers.audit.snapshot import Snapshot
from consumers.decoding import check_partition
from consumers.errors import Poison
from consumers.records import Place, Record
from messaging.identifiers import derived_message_id

READ_SECONDS = 600.0
"""For the messages of some hundred conversations."""
CONVERSATIONS_AT_ONCE = 500
IDS_AT_ONCE = 1_000
ROWS_AT_ONCE = 1_000

_ADD_HEAD = "INSERT OR REPLACE INTO heads VALUES (?,?,?,?,?,?)"
_ADD_DOCUMENT = "INSERT OR REPLACE INTO documents VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_ADD_STRAY = "INSERT OR REPLACE INTO strays VALUES (?,?,?)"
_ADD_LETTER = "INSERT OR REPLACE INTO letters VALUES (?,?,?,?,?,?,?)"
_ADD_PARTICIPANT = "INSERT OR REPLACE INTO participants VALUES (?,?,?,?)"
_TYPES_BUT_STRING = (-1, 1, 3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 18, 19, 127)
_HOMELESS: Document = {
    "$or": [{"conversationId": None}, {"conversationId": {"$type": _TYPES_BUT_STRING}}]
}
"""Messages whose conversationId is absent or no string: two ranges of the index."""
_HEAD_FIELDS = dict.fromkeys(("tenantId", "lastSeq", "lastMessage", "log"), 1)


def read_everything(ledger: Ledger, snapshot: Snapshot) -> None:
    """All four collections, in ranges of conversations."""
    with bar("messages", None) as progress:
        for low, high in _ranges():
            within = _between(low, high)
            _read_heads(ledger, snapshot, {"_id": within})
            progress.update(_read_documents(ledger, snapshot, {"conversationId": within}))
    _read_documents(ledger, snapshot, _HOMELESS)
    _read_letters(ledger, snapshot, {})
    _read_participants(ledger, {})


def read_conversations(ledger: Ledger, snapshot: Snapshot, ids: Sequence[str]) -> None:
    """What belongs to these conversations, and where else the ids of their records lie."""
    for start in range(0, len(ids), CONVERSATIONS_AT_ONCE):
        part = list(ids[start : start + CONVERSATIONS_AT_ONCE])
        _read_heads(ledger, snapshot, {"_id": {"$in": part}})
        _read_documents(ledger, snapshot, {"conversationId": {"$in": part}})
        _read_strays(ledger, snapshot, part)
        _read_letters(ledger, snapshot, {"conversationId": {"$in": part}})
        _read_participants(ledger, {"conversationId": {"$in": part}})


def read_homeless(ledger: Ledger, snapshot: Snapshot, message_ids: Sequence[str]) -> None:
    """Those of these messages that name no conversation."""
    for start in range(0, len(message_ids), IDS_AT_ONCE):
        part = list(message_ids[start : start + IDS_AT_ONCE])
        _read_documents(ledger, snapshot, {"_id": {"$in": part}, **_HOMELESS})


def read_letters_of(ledger: Ledger, snapshot: Snapshot, places: Collection[Place]) -> None:
    """Letters by place: those of broken records may name no conversation."""
    wanted = [f"{place.t}:{place.p}:{place.o}" for place in places]
    for start in range(0, len(wanted), IDS_AT_ONCE):
        part = wanted[start : start + IDS_AT_ONCE]
        _read_letters(ledger, snapshot, {"_id": {"$in": part}})


def read_strangers(ledger: Ledger) -> None:
    """Where the answered messages lie that are in no conversation read so far."""
    missing = ledger.batches(
        "SELECT DISTINCT r.reply_to FROM records r JOIN documents d ON d.id = r.message_id"
        " WHERE r.reply_to IS NOT NULL AND d.reply_to IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM documents t WHERE t.id = r.reply_to)",
        size=IDS_AT_ONCE,
    )
    for batch in missing:
        query = {"_id": {"$in": [row[0] for row in batch]}}
        found = _find("messages", query, {"conversationId": 1})
        rows = ((document["_id"], document.get("conversationId")) for document in found)
        ledger.add("INSERT OR REPLACE INTO strangers VALUES (?,?)", rows)


def _ranges() -> Iterator[tuple[str, str | None]]:
    """Borders between ranges of conversation ids; messages of conversations that are gone lie in
    one too."""
    low = ""
    while True:
        query = {"_id": {"$gt": low}}
        border = list(
            majority_collection("conversations")
            .find(query, {"_id": 1})
            .sort("_id", 1)
            .skip(CONVERSATIONS_AT_ONCE - 1)
            .limit(1)
        )
        if not border:
            yield low, None
            return
        yield low, border[0]["_id"]
        low = border[0]["_id"]


def _between(low: str, high: str | None) -> Document:
    """Strings only: MongoDB compares within one type."""
    above = {"$gt": low} if low else {"$gte": low}
    return above if high is None else {**above, "$lte": high}


def _find(name: str, query: Document, fields: Document | None = None) -> Iterator[Document]:
    with taking_up_to(READ_SECONDS):
        yield from majority_collection(name).find(query, fields, batch_size=ROWS_AT_ONCE)


def _read_heads(ledger: Ledger, snapshot: Snapshot, query: Document) -> None:
    found = _find("conversations", query, _HEAD_FIELDS)
    ledger.add(_ADD_HEAD, (_head_row(document, snapshot) for document in found))


def _head_row(document: Document, snapshot: Snapshot) -> Row:
    marks = [
        Place(mark["t"], int(name[1:]), mark["o"])
        for name, mark in (document.get("log") or {}).items()
    ]
    mark = max(marks, default=None)
    last = document.get("lastMessage")
    return (
        document["_id"],
        document.get("tenantId"),
        document.get("lastSeq") or 0,
        digests.last_message_part(last) if last else None,
        pack(mark),
        None if mark is None else snapshot.era(mark),
    )


def _read_documents(ledger: Ledger, snapshot: Snapshot, query: Document) -> int:
    count = 0

    def rows() -> Iterator[Row]:
        nonlocal count
        for document in _find("messages", query):
            count += 1
            yield _document_row(document, snapshot)

    ledger.add(_ADD_DOCUMENT, rows())
    return count


def _document_row(document: Document, snapshot: Snapshot) -> Row:
    place = _place_of(document)
    quote = document.get("replyTo") or {}
    return (
        document["_id"],
        document.get("conversationId"),
        document.get("tenantId"),
        document.get("senderId"),
        document.get("seq") or 0,
        pack(place),
        None if place is None else snapshot.era(place),
        digests.stored_digest(document),
        digests.fixed_part_of_document(document),
        digests.text_part_of_document(document),
        digests.text_alone(document.get("content")),
        quote.get("messageId"),
        digests.text_alone(quote.get("content")),
        digests.as_last_message(document),
        digests.milliseconds(document.get("sentAt")),
        int(bool(document.get("isDeleted"))),
        int(bool(document.get("editedAt"))),
        int(bool(document.get("restoredAt"))),
        int(_is_tombstone(document)),
        int(
            digests.agrees_with_itself(document) and _is_in_its_partition(place, document, snapshot)
        ),
    )


def _place_of(document: Document) -> Place | None:
    src: Any = document.get("src") or {}
    numbers = (src.get("t"), src.get("p"), src.get("o"))
    if not all(isinstance(number, int) and number >= 0 for number in numbers):
        return None
    return Place(*numbers)


def _is_tombstone(document: Document) -> bool:
    """As the consumer makes them: design section 5, step 4."""
    if document.get("src") or not document.get("isDeleted") or document.get("type") != "System":
        return False
    key = f"tombstone/{document.get('conversationId')}/{document.get('seq')}"
    return bool(document["_id"] == derived_message_id(document.get("tenantId", ""), "", key))


def _is_in_its_partition(place: Place | None, document: Document, snapshot: Snapshot) -> bool:
    """Only this generation's partition counts are known."""
    if place is None or place.t != snapshot.generation.t:
        return True
    key = str(document.get("conversationId"))
    record = Record(snapshot.topic, place.p, place.o, key.encode(), None, (), 0)
    try:
        check_partition(record, key, snapshot.generation.partitions_at(place.p, place.o))
    except Poison:
        return False
    return True


def _read_strays(ledger: Ledger, snapshot: Snapshot, conversation_ids: Sequence[str]) -> None:
    """Where other conversations store the ids of these conversations' records.

    Such a message is judged with its own conversation, whose records may not have been read; only
    one of no conversation counts as a message here.
    """
    for conversation_id in conversation_ids:
        missing = ledger.batches(
            "SELECT message_id FROM records r WHERE conversation_id = ? AND NOT EXISTS"
            " (SELECT 1 FROM documents d WHERE d.id = r.message_id)",
            (conversation_id,),
            size=IDS_AT_ONCE,
        )
        for batch in list(missing):
            ids = [row[0] for row in batch if row[0] is not None]
            if ids:
                found = _find("messages", {"_id": {"$in": ids}}, {"conversationId": 1, "src": 1})
                ledger.add(_ADD_STRAY, (_stray_row(document) for document in found))
        homeless = ledger.rows(
            "SELECT s.id FROM strays s JOIN records r ON r.place = s.place AND r.message_id = s.id"
            " WHERE s.conversation_id IS NULL AND r.conversation_id = ?",
            (conversation_id,),
        )
        read_homeless(ledger, snapshot, [row[0] for row in homeless])


def _stray_row(document: Document) -> Row:
    return document["_id"], document.get("conversationId"), pack(_place_of(document))


def _read_letters(ledger: Ledger, snapshot: Snapshot, query: Document) -> None:
    rows = (_letter_row(document, snapshot) for document in _find("dead_letters", query))
    ledger.add(_ADD_LETTER, rows)


def _letter_row(document: Document, snapshot: Snapshot) -> Row:
    place = Place(*(int(part) for part in document["_id"].split(":")))
    is_closed = document.get("closedAt") is not None
    return (
        pack(place),
        document.get("conversationId"),
        document.get("messageId"),
        document.get("reason"),
        (document.get("closedHow") or "closed") if is_closed else None,
        snapshot.era(place),
        int(snapshot.is_handled(place)),
    )


def _read_participants(ledger: Ledger, query: Document) -> None:
    fields = dict.fromkeys(("conversationId", "userId", "joinedSeq", "readSeq"), 1)
    rows = (
        (
            document["conversationId"],
            document["userId"],
            whole_number(document.get("joinedSeq")),
            whole_number(document.get("readSeq")),
        )
        for document in _find("participants", query, fields)
    )
    ledger.add(_ADD_PARTICIPANT, rows)

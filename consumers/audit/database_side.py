"""What MongoDB says: heads, messages, letters and participants, into the ledger.

Heads are read before their messages, with read concern majority: a message at or below a head's
lastSeq was durable when the head was, so those that are missing are missing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from bson.codec_options import DatetimeConversion

from chat_project.mongodb import Document, majority_collection, taking_up_to
from consumers.audit.errors import Unreadable
from consumers.audit.ledger import Ledger, Row
from consumers.audit.parsing import reference, referred, text
from consumers.audit.parts import parts
from consumers.audit.progress import bar
from consumers.audit.rows import document_row, head_row, letter_row, participant_row, stray_row
from consumers.audit.snapshot import Snapshot
from consumers.records import Place

READ_SECONDS = 600.0
"""For the messages of some hundred conversations."""
CONVERSATIONS_AT_ONCE = 500
IDS_AT_ONCE = 1_000
ROWS_AT_ONCE = 1_000

_ADD = {
    "conversations": "INSERT OR REPLACE INTO heads VALUES (?,?,?,?,?,?,?,?,?)",
    "messages": "INSERT OR REPLACE INTO documents VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    "dead_letters": "INSERT OR REPLACE INTO letters VALUES (?,?,?,?,?,?,?,?)",
    "participants": "INSERT OR REPLACE INTO participants VALUES (?,?,?,?)",
}
_ADD_STRAY = "INSERT OR REPLACE INTO strays VALUES (?,?,?)"
_ADD_UNREADABLE = "INSERT OR REPLACE INTO unreadable VALUES (?,?,?,?)"
_FIELDS = {
    "conversations": dict.fromkeys(
        ("tenantId", "lastSeq", "lastMessage", "log", "purgedSeq", "erased"), 1
    ),
    "participants": dict.fromkeys(("conversationId", "userId", "joinedSeq", "readSeq"), 1),
}
_TYPES_BUT_STRING = (-1, 1, 3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 18, 19, 127)
_HOMELESS: Document = {
    "$or": [{"conversationId": None}, {"conversationId": {"$type": _TYPES_BUT_STRING}}]
}
"""Messages whose conversationId is absent or no string: two ranges of the index."""


def read_everything(ledger: Ledger, snapshot: Snapshot) -> None:
    """All four collections, in ranges of conversations."""
    read = partial(_read, ledger, snapshot)
    with bar("messages", majority_collection("messages").estimated_document_count()) as progress:
        for low, high in _ranges():
            within = _between(low, high)
            read("conversations", {"_id": within})
            progress.update(read("messages", {"conversationId": within}))
    read("conversations", {"_id": {"$type": _TYPES_BUT_STRING}})
    read("messages", _HOMELESS)
    read("dead_letters", {})
    read("participants", {})


def read_conversations(ledger: Ledger, snapshot: Snapshot, ids: Iterable[str]) -> None:
    """What belongs to these conversations, and where else the ids of their records lie."""
    read = partial(_read, ledger, snapshot)
    for part in parts(ids, CONVERSATIONS_AT_ONCE):
        read("conversations", {"_id": {"$in": part}})
        read("messages", {"conversationId": {"$in": part}})
        _read_strays(ledger, snapshot, part)
        read("dead_letters", {"conversationId": {"$in": part}})
        read("participants", {"conversationId": {"$in": part}})


def read_homeless(ledger: Ledger, snapshot: Snapshot, message_ids: Iterable[str]) -> None:
    """Those of these messages that name no conversation."""
    for part in parts(message_ids, IDS_AT_ONCE):
        ids = [referred(id_) for id_ in part]
        _read(ledger, snapshot, "messages", {"_id": {"$in": ids}, **_HOMELESS})


def read_unreadable_again(ledger: Ledger, snapshot: Snapshot) -> None:
    """Somebody may have mended or removed them."""
    known = list(ledger.rows("SELECT collection, id FROM unreadable"))
    ledger.run("DELETE FROM unreadable")
    for name, id_ in known:
        _read(ledger, snapshot, name, {"_id": referred(id_)})


def read_letters_of(ledger: Ledger, snapshot: Snapshot, places: Iterable[Place]) -> None:
    """Letters by place: those of broken records may name no conversation."""
    for part in parts(places, IDS_AT_ONCE):
        wanted = [f"{place.t}:{place.p}:{place.o}" for place in part]
        _read(ledger, snapshot, "dead_letters", {"_id": {"$in": wanted}})


def read_strangers(ledger: Ledger) -> None:
    """Where the answered messages lie that are in no conversation read so far."""
    missing = ledger.batches(
        "SELECT DISTINCT r.reply_to FROM records r JOIN documents d ON d.id = r.message_id"
        " WHERE r.reply_to IS NOT NULL AND d.reply_to IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM documents t WHERE t.id = r.reply_to)",
        size=IDS_AT_ONCE,
    )
    for batch in missing:
        query = {"_id": {"$in": [referred(row[0]) for row in batch]}}
        found = _find("messages", query, {"conversationId": 1})
        rows = ((each["_id"], text(each.get("conversationId"))) for each in found)
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
    found = majority_collection(name)
    dates = found.codec_options.with_options(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
    with taking_up_to(READ_SECONDS):
        yield from found.with_options(dates).find(query, fields, batch_size=ROWS_AT_ONCE)


def _read(ledger: Ledger, snapshot: Snapshot, name: str, query: Document) -> int:
    """Gives how many documents there were, the unreadable ones included. Of dead letters without
    those that name another topic, whose records are not audited."""
    if name == "dead_letters":
        of_the_log = [{"topic": snapshot.topic}, {"topic": {"$not": {"$type": "string"}}}]
        query = {"$and": [query, {"$or": of_the_log}]}
    forms: dict[str, Callable[[Document], Row]] = {
        "conversations": partial(head_row, snapshot=snapshot),
        "messages": partial(document_row, snapshot=snapshot),
        "dead_letters": partial(letter_row, snapshot=snapshot),
        "participants": participant_row,
    }
    to_row = forms[name]
    unreadable: list[Row] = []
    count = 0

    def rows() -> Iterator[Row]:
        nonlocal count
        for document in _find(name, query, _FIELDS.get(name)):
            count += 1
            try:
                yield to_row(document)
            except Unreadable as error:
                conversation_id = text(document.get("conversationId"))
                unreadable.append((name, reference(document["_id"]), conversation_id, str(error)))

    ledger.add(_ADD[name], rows())
    ledger.add(_ADD_UNREADABLE, unreadable)
    return count


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
        for batch in missing:
            ids = [row[0] for row in batch if row[0] is not None]
            if ids:
                found = _find("messages", {"_id": {"$in": ids}}, {"conversationId": 1, "src": 1})
                ledger.add(_ADD_STRAY, map(stray_row, found))
        homeless = ledger.rows(
            "SELECT s.id FROM strays s JOIN records r ON r.place = s.place AND r.message_id = s.id"
            " WHERE s.conversation_id IS NULL AND r.conversation_id = ?",
            (conversation_id,),
        )
        read_homeless(ledger, snapshot, (row[0] for row in homeless))

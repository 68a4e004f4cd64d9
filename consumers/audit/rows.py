"""Documents of MongoDB as rows of the ledger, whatever their fields are.

What a document is told apart by must be there: without it the document is Unreadable, a finding of
its own. Every other field of a wrong type is a value that differs.
"""

from chat_project.mongodb import Document
from consumers.audit import digests
from consumers.audit.errors import Unreadable
from consumers.audit.ledger import Row, pack
from consumers.audit.parsing import (
    letter_place,
    mapping,
    marks_of,
    place_in,
    reference,
    source_of,
    text,
    whole_number,
)
from consumers.audit.snapshot import Snapshot
from consumers.decoding import check_partition
from consumers.errors import Poison
from consumers.records import Place, Record
from messaging.identifiers import derived_message_id

NO_NUMBER = -1
"""Stands for a lastSeq that is no whole number."""


def head_row(document: Document, snapshot: Snapshot) -> Row:
    """Raises Unreadable."""
    marks, is_log_whole = marks_of(document)
    mark = max(marks, default=None)
    last, last_seq = document.get("lastMessage"), document.get("lastSeq", 0)
    number = whole_number(0 if last_seq is None else last_seq)
    return (
        _id(document, "_id"),
        _told(document.get("tenantId")),
        NO_NUMBER if number is None else number,
        digests.last_message_part(last) if last else None,
        pack(mark),
        None if mark is None else snapshot.era(mark),
        int(is_log_whole),
        whole_number(document.get("purgedSeq")) or 0,
        int(bool(document.get("erased"))),
    )


def document_row(document: Document, snapshot: Snapshot) -> Row:
    place = source_of(document)
    rev = place_in(document.get("rev"))
    is_sound = digests.agrees_with_itself(document)
    return (
        reference(document["_id"]),
        text(document.get("conversationId")),
        _told(document.get("tenantId")),
        _told(document.get("senderId")),
        whole_number(document.get("seq")),
        pack(place),
        None if place is None else snapshot.era(place),
        digests.stored_digest(document),
        digests.fixed_part_of_document(document),
        digests.rest_of_document(document),
        digests.text_alone(document.get("content")),
        digests.mentions_of_document(document),
        _answered(document),
        digests.text_alone(mapping(document.get("replyTo")).get("content")),
        digests.as_last_message(document),
        pack(rev),
        None if rev is None else snapshot.era_of_change(rev),
        digests.marks_of_document(document),
        digests.milliseconds(document.get("sentAt")),
        int(bool(document.get("isDeleted"))),
        int(bool(document.get("editedAt"))),
        int(bool(document.get("restoredAt"))),
        int(_is_tombstone(document)),
        int(is_sound and _is_in_its_partition(place, document, snapshot)),
    )


def stray_row(document: Document) -> Row:
    return (
        reference(document["_id"]),
        text(document.get("conversationId")),
        pack(source_of(document)),
    )


def letter_row(document: Document, snapshot: Snapshot) -> Row:
    """Raises Unreadable."""
    place = letter_place(document["_id"])
    is_closed = document.get("closedAt") is not None
    return (
        pack(place),
        text(document.get("conversationId")),
        text(document.get("messageId")),
        text(document.get("senderId")),
        text(document.get("reason")) or "none",
        (text(document.get("closedHow")) or "closed") if is_closed else None,
        snapshot.era(place),
        int(snapshot.is_handled(place)),
    )


def participant_row(document: Document) -> Row:
    """Raises Unreadable."""
    return (
        _id(document, "conversationId"),
        _id(document, "userId"),
        whole_number(document.get("joinedSeq")),
        whole_number(document.get("readSeq")),
    )


def _id(document: Document, name: str) -> str:
    if not isinstance(value := document.get(name), str):
        raise Unreadable(f"its {name} is no text")
    return value


def _told(value: object) -> str | None:
    return None if value is None else reference(value)


def _answered(document: Document) -> str | None:
    quote = document.get("replyTo")
    return _told(mapping(quote).get("messageId") if mapping(quote) else quote)


def _is_tombstone(document: Document) -> bool:
    """As the consumer makes them: design section 5, step 4."""
    if document.get("src") or not document.get("isDeleted") or document.get("type") != "System":
        return False
    key = f"tombstone/{document.get('conversationId')}/{document.get('seq')}"
    return bool(document["_id"] == derived_message_id(str(document.get("tenantId")), "", key))


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

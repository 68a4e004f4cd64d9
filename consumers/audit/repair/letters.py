"""Repairs of dead letters' outcomes."""

from datetime import UTC, datetime

from chat_project.mongodb import Document, collection, majority_collection
from consumers.audit.findings import Kind
from consumers.audit.repair.tools import Tools
from consumers.dead_letters import lenient_ids, letter_id
from consumers.errors import Poison
from consumers.records import Record

_IDS = ("messageId", "conversationId", "tenantId", "senderId")


def close_letters(tools: Tools) -> None:
    """Stored wins: the letter of a stored message is closed."""
    for finding in tools.findings("letters", Kind.CLOSABLE_LETTER, Kind.DOUBLED):
        if finding.place is None or not tools.audit.has_open_letter(
            finding.place, finding.message_id
        ):
            continue
        id_ = letter_id(finding.place)
        change = {"closedAt": datetime.now(UTC), "closedBy": tools.by, "closedHow": "stored"}
        tools.note(finding, f"dead letter {id_}", after=change)
        key = {"_id": id_, "closedAt": None}
        tools.count(collection("dead_letters").update_one(key, {"$set": change}).modified_count)


def rewrite_letters(tools: Tools) -> None:
    """The ids as the consumer finds them in the record, and the reason if the record alone gives it."""
    for found in tools.with_records("outcomes", Kind.WRONG_LETTER):
        for finding, record in found:
            if finding.place is None or record is None:
                continue
            key = {"_id": letter_id(finding.place)}
            before = majority_collection("dead_letters").find_one(key)
            if before is None:
                continue
            told = lenient_ids(record.value) | _reason(tools, record)
            after = {name: value for name, value in before.items() if name not in _IDS} | told
            if after != before:
                tools.note(finding, f"dead letter {key['_id']}", before=before, after=after)
                done = collection("dead_letters").replace_one(before, after)
                tools.count(done.modified_count)


def _reason(tools: Tools, record: Record) -> Document:
    try:
        tools.decode(record)
    except Poison as poison:
        return {"reason": poison.reason.value, "error": poison.text}
    return {}

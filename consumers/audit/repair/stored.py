"""Repairs of stored messages: content, strangers, copies."""

from typing import Any

from chat_project.mongodb import Document, collection, majority_collection
from consumers.audit.digests import agrees_with_itself
from consumers.audit.findings import Finding, Kind
from consumers.audit.ledger import pack
from consumers.audit.parsing import place_in, referred, source_of, text, whole_number
from consumers.audit.repair.folded import with_changes
from consumers.audit.repair.gaps import bury_numbers
from consumers.audit.repair.lost import restore
from consumers.audit.repair.tools import Tools
from consumers.audit.snapshot import Era
from consumers.changes import change_quotes
from consumers.decoding import SentMessage

_OPTIONAL = (
    *("senderName", "replyTo", "mentions", "attachments", "editedAt", "isDeleted", "history"),
    *("deletedAt", "deletedBy", "reactions", "isPinned", "pinnedBy", "pinnedAt", "rev"),
    *("unpinnedAt", "unreactedAt"),
)
"""What a stored message may have beside the fields of every one, and its first event does not give."""
_HIDING = ("editedAt", "isDeleted")


def rewrite_contents(tools: Tools) -> None:
    """The form that the event gives, under the same number. Without the event, what MongoDB alone
    tells is put right: what hides the content, and the tenant."""
    for found in tools.with_records("contents", Kind.WRONG_CONTENT):
        for finding, record in found:
            before = _read(finding.message_id)
            if before is None or _is_outside(tools, before):
                continue
            message = tools.message_of(record)
            if message is None or message.id != finding.message_id:
                _put_right(tools, finding, before)
            elif before.get("conversationId") != message.conversation_id:
                _move_home(tools, finding, before, message)
            else:
                _rewrite(tools, finding, before, message)


def _is_outside(tools: Tools, before: Document) -> bool:
    conversation_id = text(before.get("conversationId"))
    return conversation_id is not None and not tools.audit.scope.holds(conversation_id)


def _move_home(tools: Tools, finding: Finding, before: Document, message: SentMessage) -> None:
    tools.note(finding, f"message {message.id}", before=before)
    tools.count(_delete(before))
    restore(tools, finding, message)


def _rewrite(tools: Tools, finding: Finding, before: Document, message: SentMessage) -> None:
    """The record and its changes in one update. Nothing happens if a consumer was there meanwhile, or
    since the log was read."""
    rev = place_in(before.get("rev"))
    if rev is not None and tools.audit.snapshot.era(rev) is not Era.WITHIN:
        tools.count(0)
        return
    changes = tools.changes_of(message, up_to=rev)
    seqs = {message.id: whole_number(before.get("seq")) or 0}
    as_sent = tools.writer.stored_forms([message], seqs)[0].document
    form, counted = with_changes(as_sent, changes)
    given = {name: value for name, value in form.items() if name not in ("_id", "seq")}
    absent = {name: 1 for name in _OPTIONAL if name not in form}
    after = {name: value for name, value in before.items() if name not in absent} | given
    if after != before:
        change = {"$set": given, **({"$unset": absent} if absent else {})}
        tools.note(finding, f"message {message.id}", before=before, after=after)
        done = collection("messages").update_one(_key(before), change)
        tools.count(done.modified_count)
        if not done.matched_count:
            return
    change_quotes(counted)


def _put_right(tools: Tools, finding: Finding, before: Document) -> None:
    shown: Document = {name: value for name, value in before.items() if name not in _HIDING}
    shown["status"] = "Sent"
    if tenant_id := _tenant_of_the_others(before):
        shown["tenantId"] = tenant_id
    if shown != before and agrees_with_itself(shown):
        tools.note(finding, f"message {before['_id']}", before=before, after=shown)
        tools.count(collection("messages").replace_one(_key(before), shown).modified_count)


def _tenant_of_the_others(message: Document) -> str | None:
    """The conversation's, if any of its messages has it; else the conversation may be the wrong
    one."""
    conversation_id = message.get("conversationId")
    head = majority_collection("conversations").find_one({"_id": conversation_id}) or {}
    tenant_id = text(head.get("tenantId"))
    same = {"conversationId": conversation_id, "tenantId": tenant_id, "isDeleted": {"$ne": True}}
    return tenant_id if majority_collection("messages").find_one(same, {"_id": 1}) else None


def remove_strangers(tools: Tools) -> None:
    """Foreign messages and copies: deleted above lastSeq, else a tombstone takes their number.

    The content goes to the audit log. Left alone are those of a conversation that is gone, unless
    the log holds their record, which becomes a dead letter then; those that name none, if only
    MongoDB holds their content; and those whose record is of a conversation outside the scope.
    """
    for found in tools.with_records("foreign messages", Kind.FOREIGN, Kind.DOUBLED):
        for finding, record in found:
            before = _read(finding.message_id)
            if before is None or tools.audit.has_open_letter(finding.place, finding.message_id):
                continue
            head = _head_of(before)
            message = tools.message_of(record)
            is_left = head is None and not _is_in_log(tools, finding) and _is_unique(tools, before)
            if not is_left and not _is_of_elsewhere(tools, finding, message):
                _remove(tools, finding, before, head)


def _remove(tools: Tools, finding: Finding, before: Document, head: Document | None) -> None:
    tools.note(finding, f"message {before['_id']}", before=before)
    tools.count(_delete(before))
    seq, last_seq = whole_number(before.get("seq")), whole_number((head or {}).get("lastSeq"))
    is_numbered = head is not None and 1 <= (seq or 0) <= (last_seq or 0)
    if head is not None and seq is not None and is_numbered and not _is_awaited(tools, finding):
        bury_numbers(head["_id"], head["tenantId"], [seq])


def _is_unique(tools: Tools, before: Document) -> bool:
    """Whether its content may be nowhere else: its conversation is gone, or its record."""
    place = source_of(before)
    is_expired = place is not None and tools.audit.snapshot.era(place) is Era.OUTSIDE
    return text(before.get("conversationId")) is not None or is_expired


def _is_of_elsewhere(tools: Tools, finding: Finding, message: SentMessage | None) -> bool:
    if message is None or message.id != finding.message_id:
        return False
    return not tools.audit.scope.holds(message.conversation_id)


def _is_in_log(tools: Tools, finding: Finding) -> bool:
    query = "SELECT count(*) FROM records WHERE place = ? AND message_id = ? AND poison IS NULL"
    place = pack(finding.place)
    return bool(tools.audit.ledger.one(query, (place, finding.message_id))[0])


def _is_awaited(tools: Tools, finding: Finding) -> bool:
    """Whether the very record of this number is lost, and will take it."""
    return tools.audit.is_lost(finding.place)


def _read(message_id: str | None) -> Document | None:
    return majority_collection("messages").find_one({"_id": referred(message_id)})


def _head_of(message: Document) -> Document | None:
    conversation_id = text(message.get("conversationId"))
    return majority_collection("conversations").find_one({"_id": conversation_id})


def _key(document: Document) -> dict[str, Any]:
    """As long as it has its number and no change came."""
    as_read = {name: {"$eq": document.get(name)} for name in ("seq", "rev", "isDeleted")}
    return {"_id": document["_id"], **as_read}


def _delete(document: Document) -> int:
    return collection("messages").delete_one(_key(document)).deleted_count

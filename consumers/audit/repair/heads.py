"""Repairs of what the consumer keeps in a conversation: mark, lastSeq, lastMessage."""

from collections.abc import Iterable

from chat_project.mongodb import Document, collection, majority_collection
from consumers import messages
from consumers.audit.findings import Finding
from consumers.audit.repair.tools import Tools
from consumers.records import Place

_FIELDS = dict.fromkeys(("lastSeq", "lastMessage", "log"), 1)


def set_marks(tools: Tools, findings: Iterable[Finding]) -> None:
    """Each to the highest place that is done; a mark that points elsewhere is taken away."""
    for conversation_id, finding in _by_conversation(findings).items():
        due = tools.audit.due_mark(conversation_id)
        head = _read(conversation_id)
        if head is not None:
            kept = {
                name: mark
                for name, mark in (head.get("log") or {}).items()
                if due is not None and Place(mark["t"], int(name[1:]), mark["o"]) <= due
            }
            added = {f"p{due.p}": {"t": due.t, "o": due.o}} if due is not None else {}
            _compare_and_set(tools, finding, head, {"log": {**kept, **added}})


def set_last(tools: Tools, findings: Iterable[Finding]) -> None:
    """lastSeq to the end of the numbers without a hole, lastMessage to the newest undeleted."""
    for conversation_id, finding in _by_conversation(findings).items():
        head = _read(conversation_id)
        if head is None:
            continue
        last_seq = _last_number(conversation_id, head.get("lastSeq") or 0)
        newest = majority_collection("messages").find_one(
            {
                "conversationId": conversation_id,
                "isDeleted": {"$ne": True},
                "seq": {"$lte": last_seq},
            },
            sort=[("sentAt", -1), ("seq", -1)],
        )
        last = messages.last_message_of(newest) if newest else None
        _compare_and_set(tools, finding, head, {"lastSeq": last_seq, "lastMessage": last})


def _last_number(conversation_id: str, last_seq: int) -> int:
    above = messages.read_numbers_above(last_seq, conversation_id)
    if not above:
        highest = messages.read_neighbour_below(conversation_id, last_seq + 1)
        return highest["seq"] if highest else 0
    while last_seq + 1 in above:
        last_seq += 1
    return last_seq


def _by_conversation(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {each.conversation_id: each for each in findings if each.conversation_id is not None}


def _read(conversation_id: str) -> Document | None:
    return majority_collection("conversations").find_one({"_id": conversation_id}, _FIELDS)


def _compare_and_set(tools: Tools, finding: Finding, head: Document, change: Document) -> None:
    """Nothing happens if a consumer was there meanwhile: the next look tells."""
    if all(head.get(name) == value for name, value in change.items()):
        return
    tools.note(finding, f"conversation {head['_id']}", before=head, after=change)
    seen = {name: head.get(name) for name in ("lastSeq", "log")}
    collection("conversations").update_one({"_id": head["_id"], **seen}, {"$set": change})

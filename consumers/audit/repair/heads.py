"""Repairs of what the consumer keeps in a conversation: mark, lastSeq, lastMessage."""

from chat_project.mongodb import Document, collection, majority_collection
from consumers import messages
from consumers.audit.findings import Finding, Kind
from consumers.audit.parsing import marks_of, meant_number, whole_number
from consumers.audit.repair.tools import Tools

ABOVE_ALL = 2**62
_FIELDS = dict.fromkeys(("lastSeq", "lastMessage", "log", "purgedSeq"), 1)


def set_marks(tools: Tools) -> None:
    """Each to the highest place that is done; what points elsewhere, or is no mark, is taken away."""
    for conversation_id, finding in tools.one_by_conversation("marks", Kind.WRONG_MARK):
        due = tools.audit.due_mark(conversation_id)
        head = _read(conversation_id)
        if head is not None:
            kept = [mark for mark in marks_of(head)[0] if due is not None and mark <= due]
            log = {f"p{mark.p}": {"t": mark.t, "o": mark.o} for mark in (*kept, due) if mark}
            _compare_and_set(tools, finding, head, {"log": log})


def set_readable_numbers(tools: Tools) -> None:
    """A lastSeq that is no number becomes the one it stands for, else the highest: what recovers
    messages must be able to count on."""
    for conversation_id, finding in tools.one_by_conversation("lastSeq", Kind.WRONG_NUMBER):
        head = _read(conversation_id)
        number = whole_number(head.get("lastSeq", 0)) if head is not None else 0
        if head is None or (number is not None and number >= 0):
            continue
        meant = meant_number(head.get("lastSeq"))
        last_seq = meant if meant is not None and meant >= 0 else _highest_number(head)
        _compare_and_set(tools, finding, head, {"lastSeq": last_seq})


def set_last(tools: Tools) -> None:
    """lastSeq to the end of the numbers without a hole, lastMessage to the newest undeleted."""
    kinds = (Kind.WRONG_NUMBER, Kind.WRONG_LAST_MESSAGE)
    for conversation_id, finding in tools.one_by_conversation("last messages", *kinds):
        head = _read(conversation_id)
        if head is None:
            continue
        last_seq = _last_number(head)
        last = messages.read_last_message(conversation_id, last_seq, purged=_purged_seq(head))
        _compare_and_set(tools, finding, head, {"lastSeq": last_seq, "lastMessage": last})


def _last_number(head: Document) -> int:
    last_seq = max(whole_number(head.get("lastSeq")) or 0, 0)
    above = messages.read_numbers_above(last_seq, head["_id"])
    if not above:
        return _highest_number(head)
    while last_seq + 1 in above:
        last_seq += 1
    return last_seq


def _highest_number(head: Document) -> int:
    """Purged numbers were given, too."""
    highest = messages.read_neighbour_below(head["_id"], ABOVE_ALL)
    return max((whole_number(highest["seq"]) or 0) if highest else 0, _purged_seq(head))


def _purged_seq(head: Document) -> int:
    return max(whole_number(head.get("purgedSeq")) or 0, 0)


def _read(conversation_id: str) -> Document | None:
    return majority_collection("conversations").find_one({"_id": conversation_id}, _FIELDS)


def _compare_and_set(tools: Tools, finding: Finding, head: Document, change: Document) -> None:
    """Nothing happens if a consumer was there meanwhile: the next look tells."""
    if all(_is_same(head.get(name), value) for name, value in change.items()):
        return
    tools.note(finding, f"conversation {head['_id']}", before=head, after=change)
    seen = {name: head.get(name) for name in ("lastSeq", "log", "purgedSeq")}
    done = collection("conversations").update_one({"_id": head["_id"], **seen}, {"$set": change})
    tools.count(done.modified_count)


def _is_same(stored: object, wanted: object) -> bool:
    """6.0 is not 6 here, nor within a document."""
    return repr(stored) == repr(wanted)

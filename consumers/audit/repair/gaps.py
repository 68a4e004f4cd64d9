"""Tombstones, as the consumer makes them: for numbers that no message has."""

from chat_project.mongodb import Document, majority_collection
from chat_project.timestamps import now
from consumers import messages
from consumers.audit.findings import Kind
from consumers.audit.parts import parts
from consumers.audit.repair.tools import Tools

MOST_NUMBERS = 100_000
"""A wider gap is left to a person: it comes from a number that nobody gave."""
TOMBSTONES_AT_ONCE = 1_000


def fill_gaps(tools: Tools) -> None:
    """None while a message that may belong there is lost, or lies in another conversation."""
    for finding in tools.findings("gaps", Kind.GAP):
        head = majority_collection("conversations").find_one({"_id": finding.conversation_id})
        if head is None or finding.seq is None or tools.audit.is_incomplete(head["_id"]):
            continue
        behind = _behind(head["_id"], finding.seq)
        end = behind["seq"] if behind else finding.seq + 1
        if end - finding.seq > MOST_NUMBERS:
            continue
        numbers = {"first": finding.seq, "last": end - 1}
        tools.note(finding, f"conversation {head['_id']}", after=numbers)
        for seqs in parts(range(finding.seq, end), TOMBSTONES_AT_ONCE):
            tools.count(bury_numbers(head["_id"], head["tenantId"], seqs))


def bury_numbers(conversation_id: str, tenant_id: str, seqs: list[int]) -> int:
    """Numbers in a row, at the time of their neighbour below. Nothing happens to one that is taken;
    gives how many there were to bury, 0 if all are taken."""
    neighbour = messages.read_neighbour_below(conversation_id, seqs[0]) or _behind(
        conversation_id, seqs[-1]
    )
    sent_at = neighbour["sentAt"] if neighbour else now()
    made = [messages.tombstone_document(conversation_id, tenant_id, seq, sent_at) for seq in seqs]
    taken = messages.insert(made).already_there
    return 0 if taken and len(seqs) == 1 else len(seqs)


def _behind(conversation_id: str, seq: int) -> Document | None:
    return majority_collection("messages").find_one(
        {"conversationId": conversation_id, "seq": {"$gt": seq}}, sort=[("seq", 1)]
    )

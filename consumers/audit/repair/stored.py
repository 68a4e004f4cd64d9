"""Repairs of stored messages: content, strangers, copies, numbers, gaps."""

from collections.abc import Iterable

from pymongo.client_session import ClientSession
from pymongo.errors import DuplicateKeyError

from chat_project.mongodb import Document, collection, majority_collection
from chat_project.timestamps import now
from consumers import messages
from consumers.audit.digests import agrees_with_itself
from consumers.audit.findings import Finding, Kind
from consumers.audit.ledger import pack
from consumers.audit.repair.lost import restore
from consumers.audit.repair.numbers import fitting_hole, free_numbers, take_next_number
from consumers.audit.repair.tools import Tools
from consumers.errors import Poison
from conversations.services.transactions import in_transaction

_OPTIONAL = ("senderName", "replyTo", "mentions", "attachments", "editedAt", "isDeleted")
"""What a stored message may have beside the fields of every one, and an event does not give."""


def rewrite_contents(tools: Tools, findings: Iterable[Finding]) -> None:
    """The form that the event gives, under the same number. Without the event, what hides the
    content is taken away if the content is what `src.h` says."""
    for finding in findings:
        record = tools.record(finding.place)
        before = majority_collection("messages").find_one({"_id": finding.message_id})
        if before is None:
            continue
        if record is None:
            _show_again(tools, finding, before)
            continue
        if not tools.audit.scope.holds(before.get("conversationId")):
            continue  # its conversation is not looked at
        try:
            message = tools.decode(record)
        except Poison:
            continue
        if message is None or message.id != finding.message_id:
            continue
        if before["conversationId"] != message.conversation_id:
            tools.note(finding, f"message {message.id}", before=before)
            collection("messages").delete_one({"_id": message.id, "seq": before["seq"]})
            restore(tools, finding, message)
            continue
        form = tools.writer.stored_forms([message], {message.id: before["seq"]})[0].document
        tools.note(finding, f"message {message.id}", before=before, after=form)
        key = {"_id": message.id, "seq": before["seq"]}
        collection("messages").update_one(key, _rewritten(form))


def _rewritten(form: Document) -> Document:
    given = {name: value for name, value in form.items() if name != "_id"}
    return {"$set": given, "$unset": {name: 1 for name in _OPTIONAL if name not in form}}


def _show_again(tools: Tools, finding: Finding, before: Document) -> None:
    hiding = ("editedAt", "isDeleted")
    shown = {name: value for name, value in before.items() if name not in hiding}
    shown["status"] = "Sent"
    if shown == before or not agrees_with_itself(shown):
        return
    tools.note(finding, f"message {before['_id']}", before=before, after=shown)
    collection("messages").replace_one({"_id": before["_id"], "seq": before["seq"]}, shown)


def remove_strangers(tools: Tools, findings: Iterable[Finding]) -> None:
    """Foreign messages and copies: deleted above lastSeq, else a tombstone takes their number.

    The content goes to the audit log. Those of a conversation that is gone are left alone, unless
    the log holds their record, which becomes a dead letter then.
    """
    for finding in findings:
        before = majority_collection("messages").find_one({"_id": finding.message_id})
        if before is None or _is_letter(tools, finding) or _is_of_elsewhere(tools, finding):
            continue
        head = majority_collection("conversations").find_one({"_id": before["conversationId"]})
        if head is None and not _is_in_log(tools, finding):
            continue
        tools.note(finding, f"message {before['_id']}", before=before)
        collection("messages").delete_one({"_id": before["_id"], "seq": before["seq"]})
        is_numbered = head is not None and 1 <= before["seq"] <= (head.get("lastSeq") or 0)
        if is_numbered and not _is_awaited(tools, finding):
            _bury_number(before["conversationId"], before["tenantId"], before["seq"])


def _is_letter(tools: Tools, finding: Finding) -> bool:
    """Whether it is the dead letter that is too many (`consumers.audit.repair.others`)."""
    return tools.audit.has_open_letter(finding.place, finding.message_id)


def _is_of_elsewhere(tools: Tools, finding: Finding) -> bool:
    """Whether its record is of a conversation outside the scope, where it belongs."""
    if tools.audit.scope.conversation_ids is None or _is_in_log(tools, finding):
        return False
    record = tools.record(finding.place)
    try:
        message = tools.decode(record) if record is not None else None
    except Poison:
        return False
    if message is None or message.id != finding.message_id:
        return False
    return not tools.audit.scope.holds(message.conversation_id)


def _is_in_log(tools: Tools, finding: Finding) -> bool:
    query = "SELECT count(*) FROM records WHERE place = ? AND message_id = ? AND poison IS NULL"
    place = pack(finding.place)
    return bool(tools.audit.ledger.one(query, (place, finding.message_id))[0])


def _is_awaited(tools: Tools, finding: Finding) -> bool:
    """Whether the very record of this number is lost, and will take it."""
    lost = tools.audit.findings(Kind.LOST)
    return any(each.place == finding.place for each in lost)


def fill_gaps(tools: Tools, findings: Iterable[Finding]) -> None:
    """Tombstones, as the consumer makes them; none while a message that may belong there is lost
    or lies in another conversation."""
    for finding in findings:
        if tools.audit.is_incomplete(finding.conversation_id):
            continue
        head = majority_collection("conversations").find_one({"_id": finding.conversation_id})
        if head is None or finding.seq is None or finding.conversation_id is None:
            continue
        behind = majority_collection("messages").find_one(
            {"conversationId": head["_id"], "seq": {"$gt": finding.seq}}, sort=[("seq", 1)]
        )
        last = behind["seq"] - 1 if behind else finding.seq
        for seq in free_numbers(tools.audit.ledger, head["_id"], finding.seq, last):
            tools.note(finding, f"conversation {head['_id']}", after={"seq": seq})
            _bury_number(head["_id"], head["tenantId"], seq)


def _bury_number(conversation_id: str, tenant_id: str, seq: int) -> None:
    """Nothing happens if the number is taken."""
    neighbour = messages.read_neighbour_below(conversation_id, seq) or majority_collection(
        "messages"
    ).find_one({"conversationId": conversation_id, "seq": {"$gt": seq}}, sort=[("seq", 1)])
    sent_at = neighbour["sentAt"] if neighbour else now()
    tombstone = messages.tombstone_document(conversation_id, tenant_id, seq, sent_at)
    messages.insert([tombstone])


def renumber(tools: Tools, findings: Iterable[Finding]) -> None:
    """Repeated, misplaced and impossible numbers; what only lies above lastSeq is the head's."""
    sorted_out: set[str] = set()
    for finding in findings:
        conversation_id, message_id = finding.conversation_id, finding.message_id
        if conversation_id is None or message_id is None or conversation_id in sorted_out:
            continue
        before = majority_collection("messages").find_one({"_id": message_id})
        if before is None or before["seq"] != finding.seq:
            continue
        hole = fitting_hole(tools.audit.ledger, conversation_id, finding.place)
        if hole is not None:
            tools.note(finding, f"message {message_id}", before=before, after={"seq": hole})
            _move(before, hole, {})
            sorted_out.add(conversation_id)  # the ledger does not know of it yet
        elif finding.kind is Kind.REPEAT or before["seq"] < 1:
            tools.note(finding, f"message {message_id}", before=before)
            _move_behind(before)
        elif "above lastSeq" not in finding.text:
            _sort(tools, finding, conversation_id)
            sorted_out.add(conversation_id)


def _move_behind(before: Document) -> None:
    restored = {"restoredAt": now()}
    take_next_number(before["conversationId"], lambda seq: _move(before, seq, restored))


def _move(before: Document, seq: int, fields: Document) -> Document | None:
    change = {"seq": seq, **fields}
    try:
        collection("messages").update_one(
            {"_id": before["_id"], "seq": before["seq"]}, {"$set": change}
        )
    except DuplicateKeyError:
        return None
    return {**before, **change}


def _sort(tools: Tools, finding: Finding, conversation_id: str) -> None:
    """The same numbers in the order of the log, all at once."""
    rows = list(
        tools.audit.ledger.rows(
            "SELECT d.id, d.seq, row_number() OVER (ORDER BY d.place) FROM documents d"
            " JOIN heads h ON h.conversation_id = d.conversation_id WHERE d.conversation_id = ?"
            " AND d.place IS NOT NULL AND NOT d.is_restored AND d.seq BETWEEN 1 AND h.last_seq",
            (conversation_id,),
        )
    )
    numbers = sorted(seq for _, seq, _ in rows)
    moves = {id_: (seq, numbers[rank - 1]) for id_, seq, rank in rows if seq != numbers[rank - 1]}
    details = {id_: list(move) for id_, move in moves.items()}
    tools.note(finding, f"conversation {conversation_id}", after={"seqs": details})

    def work(session: ClientSession) -> None:
        for id_, (seq, _) in moves.items():
            collection("messages").update_one(
                {"_id": id_, "seq": seq}, {"$set": {"seq": -seq}}, session=session
            )
        for id_, (seq, wanted) in moves.items():
            collection("messages").update_one(
                {"_id": id_, "seq": -seq}, {"$set": {"seq": wanted}}, session=session
            )

    in_transaction(work)

"""Repairs of lost records: they are stored, or become dead letters, as the consumer would."""

from collections import defaultdict
from collections.abc import Sequence

from chat_project.mongodb import Document, majority_collection
from chat_project.timestamps import now
from consumers import heads, messages
from consumers.audit.findings import Finding, Kind
from consumers.audit.ledger import pack, unpack
from consumers.audit.repair.places import fitting_hole, take_next_number
from consumers.audit.repair.tools import Tools
from consumers.changes import apply_changes
from consumers.dead_letters import DeadLetter, letter_id
from consumers.decoding import Entry, MessageChange, SentMessage
from consumers.errors import Poison, Reason
from consumers.heads import Head
from consumers.numbering import classify, with_targets
from consumers.records import Place, Record

APPLIED_AT_ONCE = 1_000

Lost = tuple[Finding, SentMessage]


def recover_lost(tools: Tools) -> None:
    """What the log does not hold any more cannot be recovered, and stays lost."""
    for found in tools.with_records("lost records", Kind.LOST):
        by_conversation: dict[str, list[Lost]] = defaultdict(list)
        letters = _letters([finding.place for finding, _ in found if finding.place])
        for finding, record in found:
            if finding.place is None or record is None:
                continue
            letter = letters.get(letter_id(finding.place))
            try:
                if letter is not None and not _is_to_be_stored(letter):
                    _keep_again(tools, finding, record, letter)
                elif isinstance(entry := tools.decode(record), SentMessage):
                    by_conversation[entry.conversation_id].append((finding, entry))
                elif isinstance(entry, MessageChange):
                    _apply_change(tools, finding, entry)
            except Poison as poison:
                _bury(tools, finding, record, poison)
        for conversation_id, lost in by_conversation.items():
            _recover(tools, conversation_id, lost)


def _apply_change(tools: Tools, finding: Finding, change: MessageChange) -> None:
    """As the consumer would: a dead letter of another tenant, without its message, and if MongoDB
    refuses it."""
    head = heads.read_heads([change.conversation_id]).get(change.conversation_id)
    if (poison := _refusal_of_head(head, change)) is not None:
        _bury(tools, finding, change.record, poison)
        return
    stored = messages.read_stored([change.event.message_id])
    _, targetless = with_targets([change], stored, [])
    if targetless:
        _bury(tools, finding, change.record, targetless[0][1])
        return
    tools.note(finding, f"message {change.event.message_id}", after=type(change.event).__name__)
    if refused := apply_changes([change]):
        _bury(tools, finding, change.record, refused[change.place])
    else:
        tools.count(1)


def _letters(places: Sequence[Place]) -> dict[str, Document]:
    ids = [letter_id(place) for place in places]
    found = majority_collection("dead_letters").find({"_id": {"$in": ids}})
    return {letter["_id"]: letter for letter in found}


def _is_to_be_stored(letter: Document) -> bool:
    """Whether it was closed because its message was stored, and that is gone."""
    stored = messages.read_stored([letter.get("messageId") or ""])
    return letter.get("closedHow") == "stored" and not stored


def _keep_again(tools: Tools, finding: Finding, record: Record, letter: Document) -> None:
    if not tools.audit.is_live or not tools.audit.is_first_burial(finding.place):
        return
    tools.note(finding, f"dead letter {letter['_id']}", before=letter)
    poison = Poison(_reason(letter), str(letter.get("error", "")))
    tools.bury(record, poison, is_known=True)
    tools.count(1)


def _reason(letter: Document) -> Reason:
    try:
        return Reason(letter["reason"])
    except (KeyError, ValueError):
        return Reason.MALFORMED


def _bury(tools: Tools, finding: Finding, record: Record, poison: Poison) -> None:
    if tools.audit.is_first_burial(finding.place):
        tools.note(finding, f"dead letter {letter_id(tools.place_of(record))}")
        tools.bury(record, poison)
        tools.count(1)


def _recover(tools: Tools, conversation_id: str, lost: Sequence[Lost]) -> None:
    head = heads.read_heads([conversation_id]).get(conversation_id)
    above = [pair for pair in lost if head is not None and not head.covers(pair[1].place)]
    stored = messages.read_stored([message.id for _, message in lost])
    for finding, message in lost:
        if head is not None and not head.covers(message.place):
            continue
        if message.id in stored and stored[message.id].place == message.place:
            continue  # by an earlier part of this repair
        poison = _refusal(head, message)
        if poison is None:
            restore(tools, finding, message)
        else:
            _bury(tools, finding, message.record, poison)
    if above and head is not None:
        tools.note(above[0][0], f"conversation {conversation_id}", after={"messages": len(above)})
        _apply_above(tools, head)


def _refusal(head: Head | None, message: SentMessage) -> Poison | None:
    """As the writer refuses; a record that is stored under a later place was refused once."""
    if (poison := _refusal_of_head(head, message)) is not None:
        return poison
    classified = classify([message], messages.read_stored([message.id]))
    if classified.conflicts:
        return classified.conflicts[0][1]
    if classified.duplicates:
        return Poison(Reason.UNKNOWN_CONVERSATION, "a later record of this message is stored")
    return None


def _refusal_of_head(head: Head | None, entry: SentMessage | MessageChange) -> Poison | None:
    if head is None:
        return Poison(Reason.UNKNOWN_CONVERSATION, "no conversation has this conversationId")
    if head.tenant_id != entry.event.tenant_id:
        return Poison(Reason.WRONG_TENANT, "the conversation belongs to another tenant")
    return None


def _apply_above(tools: Tools, head: Head) -> None:
    """All of the conversation's records above its mark, in log order, by the consumer's writer."""
    mark = max(head.marks.values(), default=None)
    rows = tools.audit.ledger.batches(
        "SELECT place FROM records WHERE conversation_id = ?1 AND poison IS NULL AND place > ?2"
        " UNION SELECT place FROM changes WHERE conversation_id = ?1 AND place > ?2 ORDER BY place",
        (head.conversation_id, pack(mark) or b""),
        size=APPLIED_AT_ONCE,
    )
    for batch in rows:
        places = {place for row in batch if (place := unpack(row[0])) is not None}
        written = tools.writer.apply(_decoded(tools, places), check=_allow, bury=tools.bury_all)
        tools.count(len(written.stored) + len(written.dead))


def _decoded(tools: Tools, places: set[Place]) -> list[Entry]:
    decoded = [tools.decode(record) for record in tools.records(places)]
    return sorted((each for each in decoded if each is not None), key=lambda each: each.place)


def _allow(_: Sequence[DeadLetter]) -> None:
    """No run limit: these records were handled once."""


def restore(tools: Tools, finding: Finding, message: SentMessage) -> None:
    """A message below the mark: into the hole that fits its place, else behind the last one."""

    def store(seq: int, fields: Document) -> Document | None:
        form = tools.writer.stored_forms([message], {message.id: seq})[0].document | fields
        tools.note(finding, f"message {message.id}", after=form)
        if messages.insert([form]).already_there:
            return None
        tools.count(1)
        return form

    hole = fitting_hole(tools.audit.ledger, message.conversation_id, message.place)
    if hole is None:
        restored = {"restoredAt": now()}
        take_next_number(message.conversation_id, lambda seq: store(seq, restored))
    elif (form := store(hole, {})) is not None:
        tools.audit.note_number(form["_id"], message.conversation_id, hole, message.place)

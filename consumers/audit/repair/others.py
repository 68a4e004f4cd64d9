"""Repairs of participants, dead letters and the cache."""

from collections.abc import Iterable
from datetime import UTC, datetime

from chat_project.mongodb import Document, collection, majority_collection
from chat_project.redis import RedisAway
from consumers.audit.cache_check import (
    Truth,
    current_membership,
    differences,
    head_as_cached,
    read_truth,
)
from consumers.audit.findings import Finding
from consumers.audit.parsing import meant_number, whole_number
from consumers.audit.repair.tools import Tools
from consumers.dead_letters import letter_id
from conversations.cache import inspection
from conversations.cache.inspection import Cached


def remove_orphans(tools: Tools, findings: Iterable[Finding]) -> None:
    for finding in findings:
        key = {"conversationId": finding.conversation_id, "userId": finding.user_id}
        before = majority_collection("participants").find_one(key)
        head = majority_collection("conversations").find_one({"_id": finding.conversation_id})
        if before is not None and head is None:
            before["_id"] = str(before["_id"])
            tools.note(finding, _participant(finding), before=before)
            collection("participants").delete_one(key)


def set_read_positions(tools: Tools, findings: Iterable[Finding]) -> None:
    """To joinedSeq, and that to lastSeq if it is above it; a wrong count alone changes nothing."""
    for finding in findings:
        key = {"conversationId": finding.conversation_id, "userId": finding.user_id}
        before = majority_collection("participants").find_one(key)
        head = majority_collection("conversations").find_one({"_id": finding.conversation_id})
        if before is None or head is None:
            continue
        seen = {name: before.get(name) for name in ("joinedSeq", "readSeq")}
        joined_seq = _joined_seq(before, whole_number(head.get("lastSeq")) or 0)
        change = dict.fromkeys(seen, joined_seq)
        if [whole_number(value) for value in seen.values()] == [joined_seq, joined_seq]:
            continue
        tools.note(finding, _participant(finding), before=seen, after=change)
        collection("participants").update_one({"_id": before["_id"], **seen}, {"$set": change})


def _joined_seq(participant: Document, last_seq: int) -> int:
    """What the participant could read before joining counts as read, so the two are one number."""
    told = [meant_number(participant.get(name)) for name in ("joinedSeq", "readSeq")]
    number = next((each for each in told if each is not None), 0)
    return min(max(number, 0), last_seq)


def _participant(finding: Finding) -> str:
    return f"participant {finding.user_id} of conversation {finding.conversation_id}"


def close_letters(tools: Tools, findings: Iterable[Finding]) -> None:
    """Stored wins: the letter of a stored message is closed."""
    for finding in findings:
        if finding.place is None or not tools.audit.has_open_letter(
            finding.place, finding.message_id
        ):
            continue
        id_ = letter_id(finding.place)
        change = {"closedAt": datetime.now(UTC), "closedBy": tools.by, "closedHow": "stored"}
        tools.note(finding, f"dead letter {id_}", after=change)
        collection("dead_letters").update_one({"_id": id_, "closedAt": None}, {"$set": change})


def refresh_cache(tools: Tools, findings: Iterable[Finding]) -> None:
    """MongoDB's values, where the very bytes that differed are still there."""
    by_conversation = {
        each.conversation_id: each for each in findings if each.conversation_id is not None
    }
    for conversation_id, finding in by_conversation.items():
        try:
            cached = inspection.inspect([conversation_id])[0]
            truth = read_truth([cached])
            if any(True for _ in differences(cached, truth)):
                tools.note(finding, f"cache of conversation {conversation_id}")
                _refresh(cached, truth)
        except RedisAway:
            return


def _refresh(cached: Cached, truth: Truth) -> None:
    id_ = cached.conversation_id
    settings, head = truth.settings.get(id_), truth.heads.get(id_)
    stored_head = head_as_cached(head) if head else None
    if cached.settings_bytes and cached.settings != settings:
        inspection.replace_settings(id_, cached.settings_bytes, settings)
    if cached.head_bytes and stored_head is not None and cached.head != stored_head:
        inspection.replace_head(id_, cached.head_bytes, stored_head)
    for user_id, (seen, _) in cached.members.items():
        membership = truth.members.get((id_, user_id))
        version = settings.version if settings else 0
        inspection.replace_member(id_, user_id, seen, current_membership(membership, version))

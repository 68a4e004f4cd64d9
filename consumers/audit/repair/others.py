"""Repairs of participants, unreadable documents and the cache."""

from chat_project.mongodb import Document, collection, majority_collection
from chat_project.redis import RedisAway
from chat_project.texts import is_unicode
from consumers.audit.cache_check import (
    Truth,
    current_membership,
    differences,
    is_wrong_membership,
    is_wrong_settings,
    read_truth,
)
from consumers.audit.findings import Finding, Kind
from consumers.audit.parsing import meant_number, referred, whole_number
from consumers.audit.repair.tools import Tools
from conversations.cache import inspection
from conversations.cache.inspection import Cached

_REMOVABLE = ("dead_letters", "participants")
"""A conversation without an id of ours is left to a person."""


def remove_unreadable(tools: Tools) -> None:
    """Letters that name no place and participants that name nobody: nothing can use them."""
    for finding in tools.findings("unreadable documents", Kind.UNREADABLE):
        name, id_ = finding.text.partition(":")[0], referred(finding.found)
        before = majority_collection(name).find_one({"_id": id_})
        if before is not None and name in _REMOVABLE:
            tools.note(finding, f"{name} {id_}", before=before)
            tools.count(collection(name).delete_one({"_id": id_}).deleted_count)


def remove_orphans(tools: Tools) -> None:
    for finding in tools.findings("participants", Kind.ORPHAN_PARTICIPANT):
        key = {"conversationId": finding.conversation_id, "userId": finding.user_id}
        before = majority_collection("participants").find_one(key)
        head = majority_collection("conversations").find_one({"_id": finding.conversation_id})
        if before is not None and head is None:
            before["_id"] = str(before["_id"])
            tools.note(finding, _participant(finding), before=before)
            tools.count(collection("participants").delete_one(key).deleted_count)


def set_read_positions(tools: Tools) -> None:
    """To what the log gives, and joinedSeq to lastSeq if it is above it; a wrong count alone
    changes nothing."""
    for finding in tools.findings("read positions", Kind.WRONG_UNREAD):
        key = {"conversationId": finding.conversation_id, "userId": finding.user_id}
        before = majority_collection("participants").find_one(key)
        head = majority_collection("conversations").find_one({"_id": finding.conversation_id})
        if before is None or head is None:
            continue
        seen = {name: before.get(name) for name in ("joinedSeq", "readSeq")}
        joined_seq = _joined_seq(before, _last_seq(head))
        due, most = (min(seq, _last_seq(head)) for seq in _read_up_to(tools, finding))
        read_seq = whole_number(before.get("readSeq"))
        if read_seq is None or not due <= read_seq <= most:
            read_seq = due
        read_seq = max(joined_seq, read_seq)
        change = {"joinedSeq": joined_seq, "readSeq": read_seq}
        if [whole_number(value) for value in seen.values()] == [joined_seq, read_seq]:
            continue
        tools.note(finding, _participant(finding), before=seen, after=change)
        key = {"_id": before["_id"], **seen}
        tools.count(collection("participants").update_one(key, {"$set": change}).modified_count)


def _read_up_to(tools: Tools, finding: Finding) -> tuple[int, int]:
    """By the reads that the log holds: at least, and at most."""
    query = (
        "SELECT coalesce(max(there_seq), 0), coalesce(max(up_to_seq), 0) FROM due_reads"
        " WHERE conversation_id = ? AND user_id = ?"
    )
    due, most = tools.audit.ledger.one(query, (finding.conversation_id, finding.user_id))
    return due, most


def _last_seq(head: Document) -> int:
    return whole_number(head.get("lastSeq")) or 0


def _joined_seq(participant: Document, last_seq: int) -> int:
    """What the participant could read before joining counts as read, so readSeq tells it too."""
    told = [meant_number(participant.get(name)) for name in ("joinedSeq", "readSeq")]
    number = next((each for each in told if each is not None), 0)
    return min(max(number, 0), last_seq)


def _participant(finding: Finding) -> str:
    return f"participant {finding.user_id} of conversation {finding.conversation_id}"


def refresh_cache(tools: Tools) -> None:
    """MongoDB's values, where the very bytes that differed are still there."""
    for conversation_id, finding in tools.one_by_conversation("cached values", Kind.WRONG_CACHE):
        try:
            cached = inspection.inspect([conversation_id])[0]
            truth = read_truth([cached])
            if any(True for _ in differences(cached, truth)):
                tools.note(finding, f"cache of conversation {conversation_id}")
                tools.count(_refresh(cached, truth))
        except RedisAway:
            return


def _refresh(cached: Cached, truth: Truth) -> int:
    """Gives how many values were replaced or removed."""
    id_ = cached.conversation_id
    settings, head = truth.settings.get(id_), truth.heads.get(id_)
    changes = 0
    if cached.settings_bytes and is_wrong_settings(cached, truth):
        changes += inspection.replace_settings(id_, cached.settings_bytes, settings)
    if cached.head_bytes and id_ not in truth.known:
        changes += inspection.remove_head(id_, cached.head_bytes)
    elif cached.head_bytes and head is not None and cached.head != head:
        changes += inspection.replace_head(id_, cached.head_bytes, head)
    for user_id, (seen, _) in cached.members.items():
        if not is_unicode(user_id):
            changes += inspection.remove_member(id_, user_id, seen)
        elif is_wrong_membership(cached, truth, user_id):
            membership = truth.members.get((id_, user_id))
            version = settings.version if settings else 0
            current = current_membership(membership, version)
            changes += inspection.replace_member(id_, user_id, seen, current)
    return changes

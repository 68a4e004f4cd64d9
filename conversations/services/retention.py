"""How long a school keeps its messages, and which conversations are held back from that.

The collection `tenant_settings`: `{_id: tenantId, retentionDays, changedAt, changedBy}`. A school
without a document, or without `retentionDays`, keeps everything.
"""

from chat_project import audit_log
from chat_project.identifiers import canonical_id
from chat_project.mongodb import collection, majority_collection
from chat_project.timestamps import now
from conversations.policies import conversation_not_found

COLLECTION = "tenant_settings"


def retentions() -> dict[str, int]:
    """Days by school, of those that do not keep everything for ever."""
    found = majority_collection(COLLECTION).find({"retentionDays": {"$gt": 0}}).sort("_id", 1)
    return {document["_id"]: int(document["retentionDays"]) for document in found}


def retention_of(tenant_id: str) -> int | None:
    """Days; None: for ever."""
    return retentions().get(canonical_id(tenant_id))


def set_retention(tenant_id: str, days: int | None, *, by: str, reason: str | None) -> None:
    """Days; None: for ever. Noted in the audit log first."""
    tenant_id = canonical_id(tenant_id)
    details = {"before": retention_of(tenant_id), "after": days, "reason": reason}
    audit_log.note(
        "set retention", target=f"tenant {tenant_id}", details=details, by=by, tenant_id=tenant_id
    )
    change = {"retentionDays": days, "changedAt": now(), "changedBy": by}
    collection(COLLECTION).update_one({"_id": tenant_id}, {"$set": change}, upsert=True)


def hold(conversation_id: str, *, by: str, reason: str | None) -> None:
    """Nothing of it is purged, and nobody in it is erased. Raises NotFound."""
    _change_hold(conversation_id, is_held=True, by=by, reason=reason)


def release(conversation_id: str, *, by: str, reason: str | None) -> None:
    """Ends the hold; none is no error. Raises NotFound."""
    _change_hold(conversation_id, is_held=False, by=by, reason=reason)


def _change_hold(conversation_id: str, *, is_held: bool, by: str, reason: str | None) -> None:
    conversation_id = canonical_id(conversation_id)
    found = majority_collection("conversations").find_one({"_id": conversation_id}, {"tenantId": 1})
    if found is None:
        raise conversation_not_found()
    action = "hold conversation" if is_held else "release conversation"
    target = f"conversation {conversation_id}"
    audit_log.note(
        action, target=target, details={"reason": reason}, by=by, tenant_id=found["tenantId"]
    )
    change = {"$set": {"isHeld": True}} if is_held else {"$unset": {"isHeld": ""}}
    collection("conversations").update_one({"_id": conversation_id}, change)

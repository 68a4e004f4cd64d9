"""Dead letters are closed, never deleted: who did it, when and how stays in the collection."""

from datetime import UTC, datetime

import msgspec

from chat_project import audit_log
from chat_project.mongodb import collection
from consumers.letters.selection import Letter, RetriedAs, State


def close_retried(letter: Letter, retried_as: RetriedAs, *, by: str) -> None:
    """Leaves a letter alone that somebody else has closed meanwhile."""
    change = {
        **_closed(State.RETRIED, by),
        "retriedAs": msgspec.structs.asdict(retried_as),
    }
    collection("dead_letters").update_one({"_id": letter.id, "closedHow": None}, {"$set": change})


def discard(letter: Letter, *, why: str, by: str) -> None:
    """Also one that was retried or stored: its record is then needed no more."""
    details = {
        "why": why,
        "reason": letter.reason,
        "state": letter.state.value,
        "messageId": letter.message_id,
        "conversationId": letter.conversation_id,
    }
    audit_log.note(
        "discard dead letter",
        target=letter.id,
        details=details,
        by=by,
        tenant_id=letter.tenant_id,
    )
    is_kept = {"_id": letter.id, "closedHow": {"$ne": State.DISCARDED.value}}
    collection("dead_letters").update_one(is_kept, {"$set": _closed(State.DISCARDED, by)})


def _closed(how: State, by: str) -> dict[str, object]:
    return {"closedAt": datetime.now(UTC), "closedBy": by, "closedHow": how.value}

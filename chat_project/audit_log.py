"""Who changed what by hand: the collection `audit_log`, to which entries are only added."""

import getpass
from datetime import UTC, datetime

from bson import ObjectId

from chat_project.mongodb import Document, collection


def note(
    action: str,
    *,
    target: str,
    details: Document,
    by: str | None = None,
    tenant_id: str | None = None,
) -> ObjectId:
    """Writes one entry before or after the change that it tells of; blocks until it is durable.

    `action` is a verb and a noun (`discard dead letter`), `target` what it was done to, `by` the
    person; without it the user of the operating system counts. `tenant_id` is the school whose staff
    may read it; without it only superusers do. Gives the entry's id. Raises pymongo's errors.
    """
    entry: Document = {
        "at": datetime.now(UTC),
        "by": by or operating_system_user(),
        "action": action,
        "target": target,
        "details": details,
    }
    if tenant_id is not None:
        entry["tenantId"] = tenant_id
    written: ObjectId = collection("audit_log").insert_one(entry).inserted_id
    return written


def operating_system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return "unknown"

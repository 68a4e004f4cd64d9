"""Who changed what by hand: the collection `audit_log`, to which entries are only added."""

import getpass
from datetime import UTC, datetime

from chat_project.mongodb import Document, collection


def note(action: str, *, target: str, details: Document, by: str | None = None) -> None:
    """As `record`, of what belongs to no school alone; without `by` the user of the operating
    system counts."""
    record(by or operating_system_user(), action, None, target, details)


def record(actor: str, action: str, tenant_id: str | None, target: str, details: Document) -> None:
    """Writes one entry before or after the change that it tells of; blocks until it is durable.

    `action` is a verb and a noun (`discard dead letter`), `target` what it was done to, `actor` the
    person. Raises pymongo's errors.
    """
    tenant = {} if tenant_id is None else {"tenantId": tenant_id}
    collection("audit_log").insert_one(
        {
            "at": datetime.now(UTC),
            "by": actor,
            "action": action,
            **tenant,
            "target": target,
            "details": details,
        }
    )


def operating_system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return "unknown"

"""Who changed what by hand: the collection `audit_log`, which nothing here changes or deletes."""

import getpass
from datetime import UTC, datetime

from chat_project.mongodb import Document, collection


def note(action: str, *, target: str, details: Document, by: str | None = None) -> None:
    """Writes one entry before or after the change that it tells of; blocks until it is durable.

    `action` is a verb and a noun (`discard dead letter`), `target` what it was done to, `by` the
    person; without it the user of the operating system counts. Raises pymongo's errors.
    """
    collection("audit_log").insert_one(
        {
            "at": datetime.now(UTC),
            "by": by or operating_system_user(),
            "action": action,
            "target": target,
            "details": details,
        }
    )


def operating_system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return "unknown"

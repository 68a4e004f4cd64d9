"""Changes that staff make, in the audit log: noted before they are made, and when they are refused."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from chat_project import audit_log
from chat_project.mongodb import Document


class Change(msgspec.Struct, frozen=True):
    """Who does what to what; `before` and `after` hold what differs, in the words of the API."""

    by: str
    action: str
    target: str
    tenant_id: str | None
    before: Document | None = None
    after: Document | None = None


@contextmanager
def audited(change: Change) -> Iterator[None]:
    """Notes the change, then lets it be made: so no change goes without an entry, even if the process
    dies between the two. What the block raises is noted as well. Raises pymongo's errors."""
    told = {"before": change.before, "after": change.after}
    details: Document = {name: value for name, value in told.items() if value is not None}
    entry_id = _note(change, change.action, details)
    try:
        yield
    except Exception as error:
        _note(change, f"not done: {change.action}", {"entry": str(entry_id), "why": str(error)})
        raise


def _note(change: Change, action: str, details: Document) -> object:
    return audit_log.note(
        action,
        target=change.target,
        details=details,
        by=change.by,
        tenant_id=change.tenant_id,
    )

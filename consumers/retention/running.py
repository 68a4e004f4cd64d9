"""One run of `purge_messages`: which schools, up to when, and the note of it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import msgspec

from chat_project import audit_log
from consumers.errors import Refused
from consumers.retention.horizon import Horizon
from consumers.retention.purging import Purged, purge_tenant
from conversations.services.retention import retentions


class Plan(msgspec.Struct, frozen=True):
    """What was sent in this school before that time is to go."""

    tenant_id: str
    before: datetime


def plans(
    horizon: Horizon, *, now: datetime, tenant_id: str, before: datetime | None
) -> list[Plan]:
    """For one school, by its setting or by a time.

    Raises Refused for a retention, or a time, within what the log can bring back, and for a school
    that keeps everything.
    """
    if before is not None:
        _check(horizon, now - before, f"--before {before.isoformat()}")
        return [Plan(tenant_id, before)]
    days_of = retentions()
    if tenant_id not in days_of:
        raise Refused(
            f"tenant {tenant_id} keeps everything for ever: see manage.py retention, or say --before"
        )
    return [_by_setting(horizon, tenant_id, days_of[tenant_id], now)]


def plans_of_all(horizon: Horizon, *, now: datetime) -> tuple[list[Plan], list[Refused]]:
    """For every school that has a retention: one that is refused keeps no other from its own."""
    planned: list[Plan] = []
    refused: list[Refused] = []
    for tenant_id, days in retentions().items():
        try:
            planned.append(_by_setting(horizon, tenant_id, days, now))
        except Refused as error:
            refused.append(error)
    return planned, refused


def _by_setting(horizon: Horizon, tenant_id: str, days: int, now: datetime) -> Plan:
    kept_for = timedelta(days=days)
    _check(horizon, kept_for, f"the retention of tenant {tenant_id}, {days} days,")
    return Plan(tenant_id, now - kept_for)


def _check(horizon: Horizon, kept_for: timedelta, what: str) -> None:
    if kept_for < horizon.least:
        raise Refused(
            f"{what} is too short: at least {horizon.least_days} days, the retention of the message"
            " topic and one day"
        )


def run(
    planned: list[Plan],
    horizon: Horizon,
    *,
    dry_run: bool,
    by: str,
    on_conversations: Callable[[int], object],
) -> Iterator[Purged]:
    """School by school; what went is noted in the audit log. Raises as `purge_tenant` does."""
    for plan in planned:
        purged = purge_tenant(
            plan.tenant_id,
            plan.before,
            horizon,
            dry_run=dry_run,
            by=by,
            on_conversations=on_conversations,
        )
        if purged.messages and not dry_run:
            counted = {
                "before": plan.before,
                "conversations": purged.conversations,
                "messages": purged.messages,
                "files": purged.files,
            }
            target = f"tenant {plan.tenant_id}"
            audit_log.note(
                "purge messages", target=target, details=counted, by=by, tenant_id=plan.tenant_id
            )
        yield purged

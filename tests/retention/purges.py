"""Old and young messages of a school, its retention, and a purge in the test's process."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chat_project.timestamps import now
from consumers.retention.horizon import read_horizon
from consumers.retention.purging import Purged
from consumers.retention.running import plans, run
from conversations.services import retention
from tests.consumers.events import change, event
from tests.retention.lives import Live, content

LONG_AGO = "2025-01-10T08:00:00Z"
DAYS = 30


def moment(days_ago: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()


def send(live: Live, room: str, *texts: str, sent_at: str = LONG_AGO, **more: Any) -> list[str]:
    bodies = [event(room, content=text, sentAt=sent_at, **more) for text in texts]
    live.pipeline.produce(bodies)
    return [body["messageId"] for body in bodies]


def change_of(live: Live, room: str, kind: str, message_id: str, **more: Any) -> None:
    body = change(room, messageId=message_id, **more)
    live.pipeline.produce([body], event_type=f"Message{kind}Event")


def keep(days: int = DAYS, tenant_id: str = "tenant-1") -> None:
    retention.set_retention(tenant_id, days, by="Mai", reason="the school's rule")


def purge(
    live: Live,
    *,
    dry_run: bool = False,
    tenant_id: str = "tenant-1",
    before: datetime | None = None,
) -> Purged:
    """In this process, which can be broken off at any step."""
    horizon = read_horizon(live.environment)
    planned = plans(horizon, now=now(), tenant_id=tenant_id, before=before)
    [purged] = run(planned, horizon, dry_run=dry_run, by="Mai", on_conversations=lambda _: None)
    return purged


def counts(purged: Purged) -> tuple[int, int]:
    return purged.conversations, purged.messages


def check_sound(live: Live) -> None:
    """No difference in the live database, and none in one that is rebuilt."""
    report = live.audit()
    assert report.is_clean, report.findings
    live.rebuild()
    assert content(live.into)["messages"] == content(live.name)["messages"]
    fields = ("_id", "lastSeq", "lastMessage", "purgedSeq", "log")
    found = [
        [{name: each.get(name) for name in fields} for each in content(name)["conversations"]]
        for name in (live.into, live.name)
    ]
    assert found[0] == found[1]

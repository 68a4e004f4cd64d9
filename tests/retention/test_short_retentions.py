"""A school whose retention lies within what the log can bring back keeps no other from its purge."""

import pytest
from django.core.management import CommandError, call_command

from chat_project.mongodb import collection
from conversations.services import retention
from tests.consumers.events import event
from tests.retention.lives import Live, MakeConversation, numbers

SHORT = "tenant-0"
"""Is looked at before the other school."""
TOLD = f"the retention of tenant {SHORT}, 7 days, is too short: at least 8 days"


@pytest.fixture
def rooms(live: Live, conversation: MakeConversation) -> list[str]:
    """One of each school, with a message that is old enough for both. The command's own topic has
    no record of it."""
    made = []
    for tenant_id, days in ((SHORT, 7), ("tenant-1", 30)):
        room = conversation(tenant_id=tenant_id)
        live.pipeline.produce([event(room, tenant_id=tenant_id, sentAt="2025-01-10T08:00:00Z")])
        retention.set_retention(tenant_id, days, by="Mai", reason=None)
        made.append(room)
    live.drain()
    return made


def test_it_is_told_with_what_is_allowed_and_the_others_are_purged(
    rooms: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match=f"left out: {TOLD}") as refused:
        call_command("purge_messages")

    assert refused.value.returncode == 2
    assert capsys.readouterr().out.startswith("tenant-1: removed 1 messages")
    assert [numbers(room) for room in rooms] == [[1], []]
    noted = collection("audit_log").find({"action": "purge messages"})
    assert [each["tenantId"] for each in noted] == ["tenant-1"]


def test_alone_it_is_refused_and_not_told_to_have_none(
    rooms: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    retention.set_retention("tenant-1", None, by="Mai", reason=None)

    for options in ([], ["--dry-run"], ["--tenant", SHORT]):
        with pytest.raises(CommandError, match=TOLD) as refused:
            call_command("purge_messages", *options)
        assert refused.value.returncode == 2

    assert capsys.readouterr().out == ""
    assert [numbers(room) for room in rooms] == [[1], [1]]

"""Whose messages are kept, and how long: holds, schools, days; what the commands refuse and tell."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from chat_project.mongodb import collection
from chat_project.timestamps import now
from consumers.errors import Refused
from consumers.retention.horizon import least_days
from conversations.services import retention
from tests.retention.lives import Live, MakeConversation, numbers
from tests.retention.purges import DAYS, counts, keep, purge, send

pytestmark = pytest.mark.usefixtures("live")


def test_a_held_conversation_keeps_everything_until_it_is_released(live: Live, room: str) -> None:
    send(live, room, "old")
    live.drain()
    live.expire(room)
    keep()
    retention.hold(room, by="Mai", reason="a complaint")

    assert (purge(live).held, numbers(room)) == (1, [1])

    retention.release(room, by="Mai", reason="it is over")
    assert counts(purge(live)) == (1, 1)
    noted = list(collection("audit_log").find({"tenantId": "tenant-1"}).sort("at", 1))
    assert [(each["action"], each["by"]) for each in noted] == [
        ("set retention", "Mai"),
        ("hold conversation", "Mai"),
        ("release conversation", "Mai"),
        ("purge messages", "Mai"),
    ]
    assert noted[3]["details"]["messages"] == 1


def test_other_schools_are_left_alone(live: Live, conversation: MakeConversation) -> None:
    other = conversation(tenant_id="tenant-2")
    send(live, other, "old", tenant_id="tenant-2")
    live.drain()
    live.expire(other)
    keep()

    assert counts(purge(live)) == (0, 0)
    assert numbers(other) == [1]
    with pytest.raises(Refused, match="keeps everything for ever"):
        purge(live, tenant_id="tenant-2")
    assert counts(purge(live, tenant_id="tenant-2", before=now() - timedelta(days=DAYS))) == (1, 1)


def test_a_retention_within_the_log_is_refused(live: Live) -> None:
    keep(days=7)  # as it may be after somebody has raised the topic's retention

    with pytest.raises(Refused, match="7 days, is too short: at least 8 days"):
        purge(live)
    with pytest.raises(Refused, match=r"--before .* is too short"):
        purge(live, before=now() - timedelta(days=3))
    assert least_days(1, "topic") == 2
    with pytest.raises(Refused, match="keeps its records for ever"):
        least_days(-1, "topic")


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["retention", "--tenant", "t", "--days", "7"], "too short: at least 8, the retention"),
        (["retention", "--days", "30"], "goes with --tenant"),
        (
            ["retention", "--tenant", "t", "--days", "soon"],
            "a whole number from 1 to .*, or forever",
        ),
        (["purge_messages", "--before", "2025-01-01"], "goes with --tenant"),
        (["purge_messages", "--tenant", "t", "--before", "2025-01-01"], "say --yes"),
        (["purge_messages", "--tenant", "t"], "keeps everything for ever"),
    ],
    ids=["within the log", "no school", "no number", "no school", "no terminal", "nothing to do"],
)
def test_wrong_arguments_are_refused(live: Live, command: list[str], told: str) -> None:
    with pytest.raises(CommandError, match=told) as refused:
        call_command(*command)

    assert refused.value.returncode in (1, 2)  # 1: the parser's, which ends a process with 2


def test_the_commands_tell_what_is_kept_and_what_went(
    live: Live, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(*command: str) -> str:
        call_command(*command)
        return capsys.readouterr().out

    assert told("retention") == "every school keeps its messages for ever\n"
    assert told("purge_messages") == "no school has a retention: nothing to purge\n"
    who = ("retention", "--tenant", "tenant-1")
    assert told(*who, "--days", "400", "--by", "Mai") == "tenant-1: 400 days\n"
    assert "tenant-1: removed 0 messages before 20" in told("purge_messages")
    assert told(*who, "--json") == '[{"tenantId":"tenant-1","days":400}]\n'
    assert told(*who, "--days", "forever") == "tenant-1: for ever\n"
    assert told("purge_messages", "--json") == '{"dryRun":false,"tenants":[]}\n'

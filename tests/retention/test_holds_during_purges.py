"""A hold that is set while `purge_messages` works keeps what is not being removed already."""

from typing import Any

import pytest

from chat_project.timestamps import now
from consumers.retention import removing
from consumers.retention.horizon import read_horizon
from consumers.retention.purging import Purged
from consumers.retention.running import plans, run
from conversations.services import retention
from tests.consumers.conftest import head
from tests.consumers.events import event
from tests.retention.lives import Live, MakeConversation, numbers

TENANT = "tenant-1"


@pytest.fixture
def room(live: Live, conversation: MakeConversation) -> str:
    """All of it may go: the first message alone, then the other three together."""
    made = conversation()
    live.pipeline.produce([event(made, sentAt="2025-01-10T08:00:00Z") for _ in range(4)])
    live.drain()
    live.expire(made)
    retention.set_retention(TENANT, 30, by="Mai", reason=None)
    return made


def purge(live: Live) -> Purged:
    horizon = read_horizon(live.environment)
    planned = plans(horizon, now=now(), tenant_id=TENANT, before=None)
    [purged] = run(planned, horizon, dry_run=False, by="Mai", on_conversations=lambda _: None)
    return purged


def hold_before(step: str, call: int, room: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody holds the room when this step is about to be done for the so many-th time."""
    done, calls = getattr(removing, step), 0

    def held_first(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            retention.hold(room, by="Mai", reason="a court")
        return done(*arguments)

    monkeypatch.setattr(removing, step, held_first)


@pytest.mark.parametrize("step", ["_move_border", "_set"])
@pytest.mark.parametrize(("call", "kept"), [(1, [1, 2, 3, 4]), (2, [2, 3, 4])])
def test_what_is_left_stays_until_it_is_released(
    live: Live, room: str, monkeypatch: pytest.MonkeyPatch, step: str, call: int, kept: list[int]
) -> None:
    with monkeypatch.context() as patched:
        hold_before(step, call, room, patched)
        purged = purge(live)

    assert numbers(room) == kept
    assert (purged.held, purged.messages, purged.conversations) == (1, 4 - len(kept), call - 1)
    assert head(room).get("purgedSeq", 0) == 4 - len(kept)
    assert head(room)["lastMessage"]["seq"] == 4
    report = live.audit()
    assert report.is_clean, report.findings
    retention.release(room, by="Mai", reason=None)
    assert purge(live).messages == len(kept)


def test_what_a_run_that_broke_off_left_stays_too(
    live: Live, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert removing._move_border(room, 4)
    hold_before("_move_border", 1, room, monkeypatch)

    assert purge(live).held == 1

    assert numbers(room) == [1, 2, 3, 4]

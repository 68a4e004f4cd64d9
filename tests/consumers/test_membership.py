"""A consumer that its group does not know any more ends, so that its supervisor starts it again."""

import pytest

from consumers import membership
from consumers.errors import StopConsuming
from consumers.loop import ConsumerLoop
from consumers.membership import Membership
from tests.consumers.loops import TakesEverything, consuming
from tests.consumers.pipelines import Pipeline
from tests.waiting import wait_until


def seconds_until_it_ends(answers: list[bool], *, member_ids: list[str | None]) -> int | None:
    """A member id and an answer of Kafka every 10 s; None: it goes on."""
    now = 0
    told = iter(answers)
    checked = Membership(lambda: next(told), clock=lambda: now)
    for now in range(1, 10 * len(member_ids) + 1):
        try:
            checked.check(member_ids[(now - 1) // 10])
        except StopConsuming:
            return now
    return None


@pytest.mark.parametrize("nobody", [None, ""])
def test_it_ends_after_a_minute_without_a_member_id(nobody: str | None) -> None:
    assert seconds_until_it_ends([True] * 9, member_ids=[nobody] * 9) == 80


@pytest.mark.parametrize(
    ("answers", "member_ids"),
    [
        ([], ["me"] * 20),
        ([False] * 20, [None] * 20),
        ([True] * 20, [None] * 7 + ["me"] + [None] * 7),
        ([True] * 6 + [False] + [True] * 7, [None] * 14),
    ],
    ids=["a member", "Kafka is away", "it came in", "away in between"],
)
def test_it_goes_on(answers: list[bool], member_ids: list[str | None]) -> None:
    assert seconds_until_it_ends(answers, member_ids=member_ids) is None


def test_a_loop_that_never_joins_ends_and_a_member_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipeline = Pipeline()
    ended: list[StopConsuming] = []
    monkeypatch.setattr("threading.excepthook", lambda hook: ended.append(hook.exc_value))
    with consuming(pipeline, TakesEverything()) as (member, _):
        wait_until(lambda: member._assignment.owned, "it has joined")
        monkeypatch.setattr(membership, "ASK_SECONDS", 0.2)
        monkeypatch.setattr(membership, "ABSENT_SECONDS", 1.0)
        monkeypatch.setattr(ConsumerLoop, "_subscribe", lambda _: None)
        with consuming(pipeline, TakesEverything()) as (_, stranger):
            stranger.join(30)
            assert not stranger.is_alive()

    assert len(ended) == 1
    assert "start it again" in str(ended[0])

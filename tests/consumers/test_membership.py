"""A consumer that its group does not know any more ends, so that its supervisor starts it again."""

import pytest

from consumers import membership
from consumers.errors import StopConsuming
from consumers.loop import ConsumerLoop
from consumers.membership import Membership
from tests.consumers.loops import TakesEverything, consuming
from tests.consumers.pipelines import Pipeline
from tests.waiting import wait_until

Answer = set[str] | None


def seconds_until_it_ends(
    answers: list[Answer], *, has_partitions: bool = False, member_id: str | None = "me"
) -> int | None:
    """One answer every 10 s; None: it goes on."""
    now = 0
    told = iter(answers)
    checked = Membership(lambda: next(told), clock=lambda: now)
    for now in range(1, 10 * len(answers) + 1):
        try:
            checked.check(member_id, has_partitions=has_partitions)
        except StopConsuming:
            return now
    return None


def test_it_ends_when_the_brokers_do_not_know_it_for_a_minute() -> None:
    assert seconds_until_it_ends([{"other"}] * 9) == 80
    assert seconds_until_it_ends([set()] * 9, member_id="") == 80


@pytest.mark.parametrize(
    "answers",
    [
        [{"me", "other"}] * 9,
        [None] * 9,
        [{"other"}] * 6 + [{"me"}] + [{"other"}] * 6,
        [{"other"}] * 6 + [None] + [{"other"}] * 6,
    ],
    ids=["a member without partitions", "Kafka is away", "it came back", "away in between"],
)
def test_it_goes_on(answers: list[Answer]) -> None:
    assert seconds_until_it_ends(answers) is None


def test_who_has_partitions_asks_nobody() -> None:
    assert seconds_until_it_ends([], has_partitions=True) is None


def test_a_loop_that_never_joins_ends_and_one_without_partitions_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pipeline = Pipeline()
    ended: list[StopConsuming] = []
    monkeypatch.setattr("threading.excepthook", lambda hook: ended.append(hook.exc_value))
    with consuming(pipeline, TakesEverything()) as (member, _):
        wait_until(lambda: member._assignment.owned, "it has joined")
        monkeypatch.setattr(membership, "ASK_SECONDS", 0.2)
        monkeypatch.setattr(membership, "ABSENT_SECONDS", 1.0)
        member._assignment.owned.clear()  # as if others had them all
        member._membership._ask_at = 0.0
        monkeypatch.setattr(ConsumerLoop, "_subscribe", lambda _: None)
        with consuming(pipeline, TakesEverything()) as (_, stranger):
            stranger.join(30)
            assert not stranger.is_alive()

    assert len(ended) == 1
    assert "start it again" in str(ended[0])

"""Each step of a growth, and that the same command finishes it after a crash at any."""

from collections.abc import Callable
from typing import Any

import pytest

from consumers import growth
from consumers.accepting import Pause
from consumers.errors import StopConsuming
from consumers.growth import GrowthRefused, TopicGrowth, resume_accepting
from consumers.topics import describe, generation_of
from messaging.pause import Accepting, read_accepting
from messaging.topics import TopicAdministration
from tests.consumers.growth.small_topics import Topics


def test_both_topics_grow_and_the_offsets_are_noted(topics: Topics) -> None:
    growing = topics.growth(6)

    assert growing.check() == 2
    growing.run()

    assert topics.counts() == [6, 6]
    assert topics.noted() == [(2, {}), (6, {0: 0, 1: 0})]
    assert read_accepting(topics.topic) == Accepting(6, paused=False)
    assert growing.is_done()


class Crash(Exception):
    """The process is gone here."""


STEPS = {
    "a: paused": (Pause, "begin"),
    "b: quiet": (TopicGrowth, "_wait_until_quiet"),
    "c: noted": (growth, "note_growth"),
    "d: grown": (TopicAdministration, "add_partitions"),
    "e: open": (Pause, "end"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_after_a_crash_at_any_step_the_same_command_finishes(
    topics: Topics, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    home, name = STEPS[step]
    original: Callable[..., Any] = getattr(home, name)

    def crash(*arguments: Any, **options: Any) -> None:
        if when == "after":
            original(*arguments, **options)
        raise Crash

    with monkeypatch.context() as broken:
        broken.setattr(home, name, crash)
        with pytest.raises(Crash):
            topics.growth(4).run()

    again = topics.growth(4)
    if not again.is_done():
        again.check()
        again.run()

    assert topics.counts() == [4, 4]
    assert topics.noted() == [(2, {}), (4, {0: 0, 1: 0})]
    assert read_accepting(topics.topic) == Accepting(4, paused=False)


def test_only_one_of_two_grown_topics_is_finished_too(topics: Topics) -> None:
    with pytest.MonkeyPatch.context() as broken:
        only = topics.administration.add_partitions
        broken.setattr(
            TopicAdministration, "add_partitions", lambda self, names, count: only(names[:1], count)
        )
        topics.growth(4).run()
    assert topics.counts() == [4, 2]

    assert not topics.growth(4).is_done()
    topics.growth(4).run()

    assert topics.counts() == [4, 4]


def test_a_noted_growth_can_only_be_finished(
    topics: Topics, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: Any) -> None:
        raise Crash

    with monkeypatch.context() as broken:
        broken.setattr(TopicAdministration, "add_partitions", crash)
        with pytest.raises(Crash):
            topics.growth(4).run()

    with pytest.raises(GrowthRefused, match="finish it with --partitions 4"):
        resume_accepting(topics.environment)
    with pytest.raises(StopConsuming, match="4 are noted"):
        generation_of(describe(topics.admin, topics.topic))

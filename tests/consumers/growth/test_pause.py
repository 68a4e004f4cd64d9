"""The pause while the topic comes to rest: who ends it, and that nobody is shut out for good."""

import pytest

from consumers.accepting import Pause, TakenOver
from consumers.growth import NotQuiet, Times, TopicGrowth, resume_accepting
from messaging.pause import Accepting, read_accepting
from tests.consumers.growth.small_topics import FAST, Topics


@pytest.mark.parametrize("other", ["a second run", "--resume-accepting"])
def test_a_run_that_lost_the_topic_gives_up_and_opens_nothing(topics: Topics, other: str) -> None:
    second = Pause(topics.topic)

    def interfere(_: str) -> None:
        if other == "a second run":
            second.begin(2, grows_to=4)
        else:
            resume_accepting(topics.environment)

    first = TopicGrowth(topics.environment, 4, FAST, interfere)  # it tells when it has paused
    with pytest.raises(TakenOver):
        first.run()

    assert topics.noted() == [(2, {})]
    assert topics.counts() == [2, 2]
    state = read_accepting(topics.topic)
    assert state is not None
    assert state.paused is (other == "a second run")


def test_a_record_that_comes_late_opens_the_way_for_consumers_at_once(topics: Topics) -> None:
    """While the new count is in force no consumer works, so nobody may wait for the lag then."""
    held: list[int] = []

    class Watched(Pause):
        def hold(self, partitions: int, *, grows_to: int) -> None:
            super().hold(partitions, grows_to=grows_to)
            held.append(partitions)
            if held == [4]:
                topics.produce("late")

    growing = topics.growth(4, Times(quiet=0.2, settle=5, most=8))
    growing._pause = Watched(topics.topic)
    with pytest.raises(NotQuiet, match="not handled"):  # no consumer runs here
        growing.run()

    assert held == [4, 2]
    assert read_accepting(topics.topic) == Accepting(2, paused=False)


@pytest.mark.parametrize("cause", ["records kept coming", "are not handled"])
def test_a_log_that_does_not_come_to_rest_is_left_as_it_was(topics: Topics, cause: str) -> None:
    most = 2.0
    if cause == "are not handled":
        topics.produce("a")
        times = Times(quiet=0.2, most=most)
    else:
        times = Times(quiet=600, most=most)

    with pytest.raises(NotQuiet, match=cause):
        topics.growth(4, times).run()

    assert topics.counts() == [2, 2]
    assert topics.noted() == [(2, {})]
    assert read_accepting(topics.topic) == Accepting(2, paused=False)


def test_an_abandoned_pause_can_be_ended(topics: Topics) -> None:
    Pause(topics.topic).begin(4, grows_to=4)

    assert resume_accepting(topics.environment) is True
    assert read_accepting(topics.topic) == Accepting(2, paused=False)
    assert resume_accepting(topics.environment) is False


@pytest.mark.parametrize("moment", ["before", "begun", "told", "held"])
def test_an_interrupt_before_the_note_leaves_accepting_open(topics: Topics, moment: str) -> None:
    class Interrupted(Pause):
        def begin(self, partitions: int, *, grows_to: int) -> None:
            if moment != "before":
                super().begin(partitions, grows_to=grows_to)
            if moment in ("before", "begun"):
                raise KeyboardInterrupt

        def hold(self, partitions: int, *, grows_to: int) -> None:
            super().hold(partitions, grows_to=grows_to)
            holds.append(partitions)
            if len(holds) == 2:  # the last step before the note
                raise KeyboardInterrupt

    def interrupt(_: str) -> None:
        if moment == "told":
            raise KeyboardInterrupt

    holds: list[int] = []
    growing = TopicGrowth(topics.environment, 4, FAST, interrupt)
    growing._pause = Interrupted(topics.topic)
    with pytest.raises(KeyboardInterrupt):
        growing.run()

    assert topics.noted() == [(2, {})]
    open_again = None if moment == "before" else Accepting(2, paused=False)
    assert read_accepting(topics.topic) == open_again

"""Growths that would harm are refused, and a consumer with another count stops."""

from typing import Any

import pytest

from consumers.accepting import Pause
from consumers.errors import StopConsuming
from consumers.growth import GrowthRefused
from consumers.growth_guard import GrowthGuard
from consumers.loop import Batch
from consumers.topics import Growth, describe, known_generation, note_growth
from messaging.pause import Accepting, read_accepting
from tests.consumers.growth.small_topics import Topics


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (1, "never shrinks"),
        (2, "multiple"),
        (3, r"multiple of them only \(4, 6,"),
        (1_002, "up to 1000"),
    ],
)
def test_a_count_that_would_harm_is_refused(topics: Topics, wanted: int, words: str) -> None:
    with pytest.raises(GrowthRefused, match=words):
        topics.growth(wanted).check()

    assert read_accepting(topics.topic) is None


def test_a_topic_that_nobody_consumed_is_refused(database: None) -> None:
    with pytest.raises(GrowthRefused, match="consume_messages --drain"):
        Topics().growth(4).check()


def test_a_growth_to_another_count_is_refused_while_one_is_under_way(topics: Topics) -> None:
    Pause(topics.topic).begin(2, grows_to=4)

    with pytest.raises(GrowthRefused, match="growth to 4 is under way"):
        topics.growth(6).check()


def test_a_growth_checks_again_when_it_begins(topics: Topics) -> None:
    slow = topics.growth(4)
    slow.check()
    topics.growth(8).run()  # while the first one's operator thinks about the question

    with pytest.raises(GrowthRefused, match="never shrinks"):
        slow.run()

    assert topics.noted() == [(2, {}), (8, {0: 0, 1: 0})]
    assert read_accepting(topics.topic) == Accepting(8, paused=False)


def test_a_shrinking_registry_is_refused_at_the_door(topics: Topics) -> None:
    described = describe(topics.admin, topics.topic)
    before = known_generation(described)
    assert before is not None

    for wrong in (1, 2, 3):
        with pytest.raises(ValueError, match=f"do not grow to {wrong}"):
            note_growth(described, before, Growth(wrong, {}))


def test_partitions_that_were_added_past_the_command_are_not_taken_for_a_growth(
    topics: Topics,
) -> None:
    topics.administration.add_partitions([topics.topic, topics.environment.dead_letter_topic], 4)

    growing = topics.growth(4)

    assert not growing.is_done()
    with pytest.raises(GrowthRefused, match="multiple"):
        growing.check()


def test_a_consumer_with_another_count_stops_before_the_batch() -> None:
    applied: list[Batch] = []

    class Inner:
        def assigned(self, *_: Any) -> None: ...
        def apply(self, batch: Batch) -> Any:
            applied.append(batch)

    in_force: list[int | None] = [None, 20]
    guard = GrowthGuard(Inner(), lambda: in_force.pop(0))

    guard.apply(Batch([], 0.0))
    with pytest.raises(StopConsuming, match="KAFKA_PARTITIONS=20"):
        guard.apply(Batch([], 0.0))

    assert len(applied) == 1

"""A commit that no broker acknowledged is sent again, also when no further record comes."""

from collections.abc import Callable

import confluent_kafka as kafka
import pytest

from consumers import loop
from consumers.assignment import Assignment
from consumers.records import Record, TopicPartition
from tests.consumers.loops import TakesEverything, consuming
from tests.consumers.pipelines import Pipeline
from tests.waiting import wait_until


@pytest.fixture
def lost_commits(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    """The first two commits never reach a broker, as in a rebalance that refuses them."""
    lost: list[None] = []
    commit: Callable[[kafka.Consumer], None] = loop.commit

    def lose_the_first(consumer: kafka.Consumer) -> None:
        if len(lost) < 2:
            lost.append(None)
        else:
            commit(consumer)

    monkeypatch.setattr(loop, "commit", lose_the_first)
    return lost


def test_a_lost_commit_is_repeated_without_another_record(lost_commits: list[None]) -> None:
    pipeline = Pipeline()
    pipeline.produce([b"one"], partition=3)
    with consuming(pipeline, TakesEverything()):
        wait_until(lambda: pipeline.lag() == 0, "the offset is committed")
    assert len(lost_commits) == 2


def test_a_drain_ends_only_when_all_is_committed(lost_commits: list[None]) -> None:
    pipeline = Pipeline()
    pipeline.produce([b"one"], partition=3)
    with consuming(pipeline, TakesEverything(), drain=True) as (_, thread):
        thread.join(60)
        assert not thread.is_alive()
    assert pipeline.lag() == 0
    assert len(lost_commits) == 2


class TestAcknowledgements:
    PARTITION = TopicPartition("topic", 3)

    def handled(self, *offsets: int) -> Assignment:
        assignment = Assignment()
        assignment.on_assign(None, [kafka.TopicPartition(*self.PARTITION)])  # type: ignore[arg-type]
        for offset in offsets:
            assignment.advance([Record(*self.PARTITION, offset, None, b"", (), 0)])
        return assignment

    def answer(self, offset: int) -> list[kafka.TopicPartition]:
        return [kafka.TopicPartition(*self.PARTITION, offset)]

    def test_the_newest_commit_leaves_nothing_to_do(self) -> None:
        assignment = self.handled(4, 5)
        assignment.on_commit(None, self.answer(6))
        assert assignment.uncommitted == {}

    def test_an_older_commit_is_not_enough(self) -> None:
        assignment = self.handled(4, 5)
        assignment.on_commit(None, self.answer(5))
        assert assignment.uncommitted == {self.PARTITION: 6}

    def test_a_refused_commit_is_still_to_do(self) -> None:
        assignment = self.handled(4)
        assignment.on_commit(kafka.KafkaError(kafka.KafkaError.ILLEGAL_GENERATION), self.answer(5))
        assert assignment.uncommitted == {self.PARTITION: 5}

    def test_a_partition_that_went_away_is_the_new_owners(self) -> None:
        assignment = self.handled(4)
        assignment.on_revoke(None, [kafka.TopicPartition(*self.PARTITION)])  # type: ignore[arg-type]
        assert assignment.uncommitted == {}

"""Partitions that were paused in an outage, went away meanwhile, and came back."""

import confluent_kafka as kafka
import pytest
from typing_extensions import override

from consumers import loop
from consumers.client import consumer_settings
from consumers.errors import RetryLater
from consumers.loop import Batch, Handled
from tests.consumers.loops import TakesEverything, consuming
from tests.consumers.pipelines import Pipeline
from tests.waiting import wait_until

PARTITIONS = range(10)


class Refusing(TakesEverything):
    """Handles nothing while its server is away."""

    def __init__(self) -> None:
        self.is_away = True

    @override
    def apply(self, batch: Batch) -> Handled:
        if self.is_away:
            raise RetryLater("the server is away")
        return super().apply(batch)


def test_a_partition_that_was_paused_and_comes_back_is_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop, "PAUSE_AFTER_SECONDS", 0.0)
    pipeline, handler = Pipeline(), Refusing()
    one_record_each(pipeline)
    with consuming(pipeline, handler) as (one, _):
        wait_until(lambda: one._paused, "it is paused")
        other = kafka.Consumer(
            consumer_settings(pipeline.environment, group_id=pipeline.environment.kafka_group_id)
        )
        other.subscribe([pipeline.environment.message_topic])
        wait_until(lambda: moved(other), "some partitions moved")
        handler.is_away = False
        wait_until(lambda: moved(other) and not one._paused, "it goes on with the others")
        other.close()
        wait_until(lambda: len(one._assignment.owned) == len(PARTITIONS), "they came back")

        one_record_each(pipeline)
        wait_until(lambda: pipeline.lag() == 0, "every partition is read")


def moved(other: kafka.Consumer) -> bool:
    """Whether the other one has partitions; also serves its rebalances."""
    other.poll(0.1)
    return bool(other.assignment())


def one_record_each(pipeline: Pipeline) -> None:
    for partition in PARTITIONS:
        pipeline.produce([b"record"], partition=partition)

"""The consumer's loop in a thread, on the real Kafka, with a handler of a test's own."""

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from confluent_kafka.admin import AdminClient

from consumers.client import consumer_settings
from consumers.loop import Batch, ConsumerLoop, Handled, Handler, Limits
from consumers.records import TopicPartition
from consumers.topics import TopicDescription
from tests.consumers.pipelines import Pipeline


class TakesEverything:
    def assigned(
        self, topics: Collection[TopicDescription], committed: Mapping[TopicPartition, int | None]
    ) -> None:
        pass

    def apply(self, batch: Batch) -> Handled:
        return Handled(batch.records)


@contextmanager
def consuming(
    pipeline: Pipeline, handler: Handler, *, drain: bool = False
) -> Iterator[tuple[ConsumerLoop, threading.Thread]]:
    environment = pipeline.environment
    consumer = ConsumerLoop(
        consumer_settings(environment, group_id=environment.kafka_group_id),
        AdminClient(environment.kafka_connection()),
        [environment.message_topic],
        handler,
        limits=Limits(),
        drain=drain,
    )
    thread = threading.Thread(target=consumer.run)
    thread.start()
    try:
        yield consumer, thread
    finally:
        consumer.stop()
        thread.join(30)
        assert not thread.is_alive()

"""Topics of a test's own that are small enough to grow, and how fast they do."""

from uuid import uuid4
from zlib import crc32

import confluent_kafka as kafka
from confluent_kafka.admin import AdminClient

from chat_project.settings.environment import Environment, environment
from consumers.growth import Times, TopicGrowth
from consumers.topics import describe, generation_of, known_generation
from messaging.topics import TopicAdministration, planned_topics

FAST = Times(quiet=0.5, settle=0.1, most=30)


class Topics:
    """Both topics of one test with few partitions, known to the registry."""

    def __init__(self, partitions: int = 2) -> None:
        name = f"test-{uuid4().hex[:12]}"
        changes = {"kafka_topic_prefix": name, "kafka_group_id": name}
        self.environment: Environment = environment().model_copy(
            update={**changes, "kafka_partitions": partitions}
        )
        self.topic = self.environment.message_topic
        self.administration = TopicAdministration(self.environment.kafka_connection())
        self.administration.create_missing(planned_topics(self.environment, brokers=1))
        self.admin = AdminClient(self.environment.kafka_connection())

    def register(self) -> "Topics":
        generation_of(describe(self.admin, self.topic))
        return self

    def growth(self, partitions: int, times: Times = FAST) -> TopicGrowth:
        return TopicGrowth(self.environment, partitions, times, lambda _: None)

    def counts(self) -> list[int | None]:
        names = (self.topic, self.environment.dead_letter_topic)
        return [self.administration.partition_count(name) for name in names]

    def noted(self) -> list[tuple[int, dict[int, int]]]:
        generation = known_generation(describe(self.admin, self.topic))
        assert generation is not None
        return [(each.partitions, dict(each.offsets)) for each in generation.growth]

    def produce(self, key: str) -> None:
        """As another service, which knows of no pause."""
        producer = kafka.Producer(self.environment.kafka_connection())
        producer.produce(self.topic, b"{}", key, partition=crc32(key.encode()) % 2)
        assert producer.flush(10) == 0

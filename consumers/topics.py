"""Topic generations: which `t` a topic's records carry, and how many partitions it had when.

A topic that is deleted and made again starts over at offset 0, and only its id tells. A registry
in MongoDB gives each new topic id the next number, over all topics, so that places stay ordered.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from chat_project.mongodb import Document, collection, majority_collection
from consumers.errors import RetryLater, StopConsuming

DESCRIBE_SECONDS = 10.0


class TopicDescription(msgspec.Struct, frozen=True):
    """What the brokers say of a topic; `id` changes when a topic is made again."""

    topic: str
    id: str
    partitions: int


class Growth(msgspec.Struct, frozen=True):
    """From these offsets on (absent: 0) the topic had `partitions` partitions."""

    partitions: int
    offsets: Mapping[int, int]


class Generation(msgspec.Struct, frozen=True):
    """One life of a topic; `growth` is in the order of time."""

    topic: str
    t: int
    growth: tuple[Growth, ...]

    @property
    def partitions(self) -> int:
        return self.growth[-1].partitions

    def partitions_at(self, partition: int, offset: int) -> int:
        """The partition count in force when this record was produced."""
        for growth in reversed(self.growth):
            if offset >= growth.offsets.get(partition, 0):
                return growth.partitions
        return self.growth[0].partitions


def describe(admin: AdminClient, topic: str) -> TopicDescription:
    """Asks the brokers. Raises RetryLater when they do not answer within 10 s."""
    try:
        future = admin.describe_topics(TopicCollection([topic]), request_timeout=DESCRIBE_SECONDS)[
            topic
        ]
        found = future.result(timeout=DESCRIBE_SECONDS + 1)
    except (KafkaException, TimeoutError) as error:
        raise RetryLater(f"Kafka does not describe {topic}: {error}") from error
    return TopicDescription(topic, str(found.topic_id), len(found.partitions))


def generation_of(described: TopicDescription) -> Generation:
    """The generation of this topic id, registered if it is new.

    Raises StopConsuming when the topic has another number of partitions than was noted: a
    conversation may never be in two partitions at a time (design section 5).
    """
    document = majority_collection("topics").find_one({"_id": described.id})
    generation = _generation(document or _register(described))
    if generation.partitions != described.partitions:
        raise StopConsuming(
            f"{described.topic} has {described.partitions} partitions, but had"
            f" {generation.partitions} when its first record was stored (collection topics):"
            " partitions must not be added to a topic in use"
        )
    return generation


def _register(described: TopicDescription) -> Document:
    counter: Document = (
        collection("counters").find_one_and_update(
            {"_id": "topic_generation"},
            {"$inc": {"last": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        or {}
    )
    document: Document = {
        "_id": described.id,
        "topic": described.topic,
        "t": counter["last"],
        "growth": [{"partitions": described.partitions, "offsets": {}}],
        "registeredAt": datetime.now(UTC),
    }
    try:
        collection("topics").insert_one(document)
    except DuplicateKeyError:  # another consumer was faster; its number counts
        document = majority_collection("topics").find_one({"_id": described.id}) or document
    return document


def _generation(document: Document) -> Generation:
    return Generation(
        topic=document["topic"],
        t=document["t"],
        growth=tuple(
            Growth(each["partitions"], {int(p): o for p, o in each["offsets"].items()})
            for each in document["growth"]
        ),
    )

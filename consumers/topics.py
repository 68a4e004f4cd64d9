"""Topic generations: which `t` a topic's records carry, and how many partitions it had when.

A topic that is deleted and made again starts over at offset 0, and only its id tells. A registry
in MongoDB gives each new topic id the next number, over all topics, so that places stay ordered.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic

import msgspec
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from chat_project.mongodb import Document, collection, majority_collection
from consumers.errors import KafkaSilent, StopConsuming

DESCRIBE_SECONDS = 10.0
DESCRIBE_TRY_SECONDS = 3.0


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
    deadline = monotonic() + DESCRIBE_SECONDS
    while True:
        try:
            return _describe(admin, topic)
        except (KafkaException, TimeoutError) as error:
            if monotonic() > deadline or not _is_timeout(error):
                raise KafkaSilent(f"describe {topic}", error) from error


def _describe(admin: AdminClient, topic: str) -> TopicDescription:
    """librdkafka asks the broker that it knows as controller, and looks for another one only with
    its metadata (every 5 min): without the first call it waits for a broker that died."""
    admin.list_topics(topic, timeout=DESCRIBE_TRY_SECONDS)
    future = admin.describe_topics(TopicCollection([topic]), request_timeout=DESCRIBE_TRY_SECONDS)
    found = future[topic].result(timeout=DESCRIBE_TRY_SECONDS + 1)
    return TopicDescription(topic, str(found.topic_id), len(found.partitions))


def _is_timeout(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or error.args[0].code() in (
        KafkaError._TIMED_OUT,
        KafkaError._TRANSPORT,
    )


def generation_of(described: TopicDescription, *, any_count: bool = False) -> Generation:
    """The generation of this topic id, registered if it is new.

    Raises StopConsuming when the topic has another number of partitions than was noted: a
    conversation may never be in two partitions at a time (design section 5). With `any_count` it
    may: the topic is another service's, and the order of its records means nothing.
    """
    generation = known_generation(described) or generation_from(_register(described))
    if generation.partitions != described.partitions and not any_count:
        raise StopConsuming(
            f"{described.topic} has {described.partitions} partitions, but"
            f" {generation.partitions} are noted (collection topics): partitions are added with"
            " create_topics --partitions only; if that was interrupted, run it again"
        )
    return generation


def check_partitions(described: TopicDescription, partitions: int) -> None:
    """Raises StopConsuming unless the topic has as many as KAFKA_PARTITIONS says."""
    if described.partitions != partitions:
        raise StopConsuming(
            f"{described.topic} has {described.partitions} partitions and KAFKA_PARTITIONS is"
            f" {partitions}: producers and consumers must compute with the same number"
        )


def known_generation(described: TopicDescription) -> Generation | None:
    """None: no consumer was ever assigned this life of the topic. Raises pymongo's errors."""
    document = majority_collection("topics").find_one({"_id": described.id})
    return generation_from(document) if document else None


def note_growth(described: TopicDescription, before: Generation, growth: Growth) -> bool:
    """Notes from which offsets on the topic has more partitions; before they are added.

    False: the noted count is no longer that of `before`. Raises ValueError unless the new count
    is a multiple of the old one, and pymongo's errors.
    """
    if growth.partitions <= before.partitions or growth.partitions % before.partitions:
        raise ValueError(f"{before.partitions} partitions do not grow to {growth.partitions}")
    last = len(before.growth) - 1
    noted = {"partitions": growth.partitions, "offsets": _as_keys(growth.offsets)}
    is_as_before = {
        "_id": described.id,
        "growth": {"$size": last + 1},
        f"growth.{last}.partitions": before.partitions,
    }
    result = collection("topics").update_one(is_as_before, {"$push": {"growth": noted}})
    return result.matched_count == 1


def _as_keys(offsets: Mapping[int, int]) -> Document:
    return {str(partition): offset for partition, offset in offsets.items()}


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


def generation_from(document: Document) -> Generation:
    """A document of the collection `topics` as a value."""
    return Generation(
        topic=document["topic"],
        t=document["t"],
        growth=tuple(
            Growth(each["partitions"], {int(p): o for p, o in each["offsets"].items()})
            for each in document["growth"]
        ),
    )

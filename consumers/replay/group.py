"""The consumer group as a replay sees it: who is in it, and its offsets moved back."""

from collections.abc import Mapping, Sequence

import msgspec
from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public, but not in __all__
    AdminClient,
    ConsumerGroupDescription,
)
from typing_extensions import override

from consumers.errors import KafkaSilent, Refused, RetryLater
from consumers.offsets import ANSWER_SECONDS

_IN_USE = (
    KafkaError.NON_EMPTY_GROUP,
    KafkaError.UNKNOWN_MEMBER_ID,
    KafkaError.ILLEGAL_GENERATION,
    KafkaError.REBALANCE_IN_PROGRESS,
)


class Member(msgspec.Struct, frozen=True):
    client_id: str
    host: str
    partitions: tuple[str, ...]
    """As `topic [partition]`."""

    @override
    def __str__(self) -> str:
        held = ", ".join(self.partitions) or "no partition"
        return f"{self.client_id} on {self.host} with {held}"


def members(admin: AdminClient, group_id: str) -> list[Member]:
    """Of both group protocols; none of a group that does not exist. Raises RetryLater."""
    asked = admin.describe_consumer_groups([group_id], request_timeout=ANSWER_SECONDS)
    try:
        found: ConsumerGroupDescription = asked[group_id].result(ANSWER_SECONDS + 1)
    except (KafkaException, TimeoutError) as error:
        if _code(error) == KafkaError.GROUP_ID_NOT_FOUND:
            return []
        raise KafkaSilent(f"describe the group {group_id}", error) from error
    return [
        Member(
            client_id=each.client_id,
            host=each.host,
            partitions=tuple(
                f"{held.topic} [{held.partition}]" for held in each.assignment.topic_partitions
            ),
        )
        for each in found.members or ()
    ]


def refuse_members(found: Sequence[Member], group_id: str) -> None:
    """Raises Refused when somebody is in the group: its offsets are theirs."""
    if found:
        names = "\n".join(f"  {member}" for member in found)
        raise Refused(
            f"the group {group_id} has members; stop them (Kafka forgets a killed one after the"
            f" session timeout), or replay beside them with --live:\n{names}"
        )


def move_back(admin: AdminClient, group_id: str, topic: str, offsets: Mapping[int, int]) -> None:
    """Commits these offsets for the group, by partition.

    Raises Refused when somebody joined meanwhile: the brokers take this from an empty group only.
    """
    request = ConsumerGroupTopicPartitions(
        group_id, [TopicPartition(topic, partition, o) for partition, o in offsets.items()]
    )
    future = admin.alter_consumer_group_offsets([request], request_timeout=ANSWER_SECONDS)[group_id]
    try:
        answered: ConsumerGroupTopicPartitions = future.result(ANSWER_SECONDS + 1)
    except (KafkaException, TimeoutError) as error:
        raise _refusal(_code(error), group_id, str(error)) from error
    for each in answered.topic_partitions or ():
        if each.error is not None:
            raise _refusal(each.error.code(), group_id, f"{each.partition}: {each.error}")


def _refusal(code: int | None, group_id: str, text: str) -> Refused | RetryLater:
    if code in _IN_USE:
        return Refused(f"the group {group_id} has members; stop them or say --live: {text}")
    return RetryLater(f"Kafka does not move the offsets of {group_id}: {text}")


def _code(error: BaseException) -> int | None:
    return error.args[0].code() if isinstance(error, KafkaException) else None

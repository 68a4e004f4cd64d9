"""Publishes a roster's events to the topic that the platform uses for them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import islice

from chat_project.settings.environment import Environment
from consumers.acknowledged import AcknowledgedProducer, Outgoing
from consumers.attempts import patiently
from consumers.errors import Refused, RetryLater
from consumers.oneroster.plan import Planned
from messaging.errors import KafkaAway
from messaging.roster import encode_roster
from messaging.topics import TopicAdministration

CHUNK_EVENTS = 500


def publish(
    environment: Environment,
    events: Sequence[Planned],
    occurred_on: datetime,
    *,
    on_progress: Callable[[int], object],
) -> None:
    """In their order, all acknowledged when it returns; an interrupted one is simply run again.

    Raises Refused when there is no topic, RetryLater when Kafka stays away.
    """
    topic, connection = environment.roster_topic, environment.kafka_connection()
    try:
        if TopicAdministration(connection).partition_count(topic) is None:
            raise Refused(f"there is no topic {topic}: run create_topics")
    except KafkaAway as error:
        raise RetryLater(f"{error} (see KAFKA_BOOTSTRAP_SERVERS)") from error
    producer = AcknowledgedProducer(connection, topic)
    records = _records(events, occurred_on)
    while chunk := list(islice(records, CHUNK_EVENTS)):
        patiently(partial(producer.produce, chunk))
        on_progress(len(chunk))


def _records(events: Sequence[Planned], occurred_on: datetime) -> Iterator[Outgoing]:
    for number, planned in enumerate(events):
        record = encode_roster(planned.event, key=planned.key, occurred_on=occurred_on)
        yield Outgoing(str(number), record.key.encode(), record.value, [*record.headers])

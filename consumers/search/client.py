"""The objects that the consumer of `index_messages` is made of."""

from confluent_kafka.admin import AdminClient

from chat_project.kafka_logs import kafka_logger
from chat_project.metrics import count_from_zero
from chat_project.settings.environment import Environment
from consumers import metrics
from consumers.client import ASSIGNMENT_GRACE_SECONDS, consumer_settings
from consumers.growth_guard import GrowthGuard
from consumers.loop import ConsumerLoop, Limits
from consumers.search.applied import StoringGroup
from consumers.search.handler import SearchHandler
from messaging.pause import gate


def search_consumer(
    environment: Environment,
    *,
    group_id: str,
    max_batch_size: int,
    max_batch_age_seconds: float,
    drain: bool = False,
) -> ConsumerLoop:
    """Nothing is connected before its `run()`."""
    count_from_zero(metrics.search_documents, metrics.SEARCH_RESULTS)
    storing = StoringGroup(environment.kafka_connection(), environment.kafka_group_id)
    handler = SearchHandler(
        environment.message_topic, environment.kafka_partitions, storing.committed
    )
    client_id = f"{environment.kafka_client_id}-search"
    return ConsumerLoop(
        {**consumer_settings(environment, group_id=group_id), "client.id": client_id},
        AdminClient({**environment.kafka_connection()}, logger=kafka_logger),
        [environment.message_topic],
        GrowthGuard(handler, lambda: gate().differing_count()),
        limits=Limits(
            max_batch_size=max_batch_size,
            max_batch_age_seconds=max_batch_age_seconds,
            assignment_seconds=environment.kafka_session_timeout_ms / 1_000
            + ASSIGNMENT_GRACE_SECONDS,
        ),
        drain=drain,
        on_lag=metrics.set_search_lag,
    )

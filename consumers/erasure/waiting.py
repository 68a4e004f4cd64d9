"""Waits until the consumers have handled what is in the log now."""

import time
from collections.abc import Callable
from contextlib import closing

from chat_project.settings.environment import Environment
from consumers.lag import LagReader
from consumers.log_reader import LogReader

POLL_SECONDS = 0.5


def wait_until_handled(
    environment: Environment,
    group_id: str,
    *,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Whether the group has committed up to the present ends within so many seconds.

    What it handles meanwhile does not count. Raises RetryLater (Kafka is away).
    """
    connection, topic = environment.kafka_connection(), environment.message_topic
    with closing(LogReader(connection)) as reader:
        bounds = reader.bounds(topic)
    ends = {partition: span.end for partition, span in bounds.items() if span.end}
    deadline = clock() + seconds
    with closing(LagReader(connection, group_id)) as lags:
        while True:
            committed = {each.partition: each.committed or 0 for each in lags.read([topic])}
            if all(committed.get(partition, 0) >= end for partition, end in ends.items()):
                return True
            if clock() >= deadline:
                return False
            time.sleep(POLL_SECONDS)  # the group tells nobody how far it is

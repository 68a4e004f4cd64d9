"""The lag as one number, for the admin's start page: asked by a client that each process keeps."""

import os
from threading import Lock

from chat_project.settings.environment import environment
from consumers.lag import LagReader

# By process id: a forked child has no connection.
_readers: dict[int, LagReader] = {}
_asking = Lock()


def total_lag() -> int:
    """Records that the group has not handled, over all its topics. Blocks for up to some 20 s while
    Kafka is away, and then raises RetryLater. Joins no group."""
    with _asking:
        pid = os.getpid()
        if pid not in _readers:
            settings = environment()
            _readers[pid] = LagReader(settings.kafka_connection(), settings.kafka_group_id)
        return sum(each.lag for each in _readers[pid].read(environment().subscribed_topics))

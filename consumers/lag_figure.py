"""Lag and consumers in one word each, for the admin's start page: asked by clients that each process
keeps, and that join no group."""

import os
from threading import Lock

import confluent_kafka as kafka
from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient

from chat_project.kafka_logs import kafka_logger
from chat_project.settings.environment import environment
from consumers.errors import KafkaSilent
from consumers.lag import LagReader
from consumers.offsets import ANSWER_SECONDS

WITHOUT_MEMBERS = (ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD)

# By process id: a forked child has no connection.
_readers: dict[int, LagReader] = {}
_admins: dict[int, AdminClient] = {}
_asking = Lock()


def total_lag() -> int:
    """Records that the group has not handled, over all its topics. Blocks for up to some 20 s while
    Kafka is away, and then raises RetryLater."""
    with _asking:
        pid = os.getpid()
        if pid not in _readers:
            settings = environment()
            _readers[pid] = LagReader(settings.kafka_connection(), settings.kafka_group_id)
        return sum(each.lag for each in _readers[pid].read(environment().subscribed_topics))


def is_consumed() -> bool:
    """Whether the group has a member. Blocks for up to 10 s while Kafka is away, and then raises
    RetryLater. By the list of groups, which knows those of both protocols."""
    pid = os.getpid()
    if pid not in _admins:
        _admins[pid] = AdminClient({**environment().kafka_connection()}, logger=kafka_logger)
    try:
        answer = (
            _admins[pid].list_consumer_groups(request_timeout=ANSWER_SECONDS).result(ANSWER_SECONDS)
        )
    except (kafka.KafkaException, TimeoutError) as error:
        raise KafkaSilent("list its groups", error) from error
    wanted = environment().kafka_group_id
    states = [each.state for each in answer.valid if each.group_id == wanted]
    if answer.errors and not states:
        raise KafkaSilent("list its groups", answer.errors[0])
    return any(state not in WITHOUT_MEMBERS for state in states)

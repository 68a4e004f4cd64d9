"""The two ways to replay: send the group back, or apply the records beside its consumers."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from confluent_kafka.admin import AdminClient

from chat_project.kafka_logs import kafka_logger
from chat_project.settings.environment import Environment
from consumers.client import message_handler
from consumers.dead_letter_topic import KafkaDeadLetterTopic
from consumers.errors import Refused
from consumers.lag import LagReader
from consumers.log_reader import LogReader, Span
from consumers.records import Record, TopicPartition
from consumers.replay.applying import Applied, CountedEffects, apply_all
from consumers.replay.group import members, move_back, refuse_members
from consumers.replay.plan import Move, StartingPoint, planned, wanted_offsets
from consumers.topics import describe


def plan_replay(
    environment: Environment,
    group_id: str,
    start: StartingPoint,
    partitions: Collection[int] = (),
    *,
    topic: str | None = None,
) -> list[Move]:
    """What would be replayed of a topic, by default the message topic, by partition (all of them by
    default); changes nothing.

    Raises Refused for a partition or a topic that does not exist and for a group that has committed
    nothing (a mistyped one, too), RetryLater.
    """
    topic = topic or environment.message_topic
    with log_reader(environment) as reader:
        bounds = reader.bounds(topic)
        if not bounds:
            raise Refused(f"there is no topic {topic}")
        if missing := sorted(set(partitions) - bounds.keys()):
            raise Refused(f"{topic} has no partition {missing}; it has {list(bounds)}")
        wanted = wanted_offsets(reader, topic, start)
    chosen = {p: offset for p, offset in wanted.items() if not partitions or p in partitions}
    committed = _committed(environment, group_id, topic)
    if all(offset is None for offset in committed.values()):
        raise Refused(
            f"the group {group_id} has committed nothing in {topic}: if that is its name, its"
            " consumers begin at the first record anyway"
        )
    return planned(chosen, committed, bounds)


def refuse_group_in_use(environment: Environment, group_id: str) -> None:
    """Raises Refused, naming the members; RetryLater."""
    refuse_members(members(_admin(environment), group_id), group_id)


def send_back(
    environment: Environment, group_id: str, moves: Sequence[Move], *, topic: str | None = None
) -> None:
    """Moves the offsets of a group without members. Raises Refused, RetryLater."""
    offsets = {move.partition: move.new for move in moves if move.is_back and move.new is not None}
    if offsets:
        move_back(_admin(environment), group_id, topic or environment.message_topic, offsets)


def replay_live(
    environment: Environment,
    group_id: str,
    moves: Sequence[Move],
    *,
    on_progress: Callable[[int], object],
    topic: str | None = None,
) -> Applied:
    """Applies the records between the new and the committed offsets in this process.

    The group is not touched and its consumers may run: every write is idempotent and monotone. So
    a record below the mark of its conversation is not looked at, whether or not it is stored.
    Raises RetryLater and StopConsuming.
    """
    topic = topic or environment.message_topic
    effects = CountedEffects(environment.acceptance_record_minutes * 60)
    handler = message_handler(
        environment,
        dead_letter_topic=KafkaDeadLetterTopic(
            environment.kafka_connection(), environment.dead_letter_topic, group_id
        ),
        effects=effects,
        run_limit=environment.dead_letter_run_limit,
    )
    spans = {
        move.partition: Span(move.new, move.new + move.records)
        for move in moves
        if move.new is not None and move.records
    }
    handler.assigned(
        [describe(_admin(environment), topic)],
        {TopicPartition(topic, partition): span.start for partition, span in spans.items()},
    )
    with log_reader(environment) as reader:
        apply_all(handler, _counted(reader.read(topic, spans), effects), on_progress=on_progress)
    return effects.applied


@contextmanager
def log_reader(environment: Environment) -> Iterator[LogReader]:
    reader = LogReader(environment.kafka_connection())
    try:
        yield reader
    finally:
        reader.close()


def _counted(batches: Iterator[list[Record]], effects: CountedEffects) -> Iterator[list[Record]]:
    for records in batches:
        effects.applied.records += len(records)
        yield records


def _committed(environment: Environment, group_id: str, topic: str) -> dict[int, int | None]:
    reader = LagReader(environment.kafka_connection(), group_id)
    try:
        return {each.partition: each.committed for each in reader.read([topic])}
    finally:
        reader.close()


def _admin(environment: Environment) -> AdminClient:
    return AdminClient({**environment.kafka_connection()}, logger=kafka_logger)

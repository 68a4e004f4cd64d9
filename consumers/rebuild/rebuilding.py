"""Rebuilds the database of a moment under another name, beside the live one."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
from confluent_kafka.admin import AdminClient

from chat_project.kafka_logs import kafka_logger
from chat_project.mongodb import collection, database, using_database
from chat_project.settings.environment import Environment
from consumers.attempts import attempt
from consumers.client import message_handler
from consumers.errors import Refused
from consumers.log_reader import LogReader, Span
from consumers.rebuild.comparing import count_renumbered
from consumers.rebuild.copying import check_target, copy_collections
from consumers.rebuild.letters import NoDeadLetterTopic, without_given_up
from consumers.rebuild.older import (
    end_heads,
    forget_purged_quotes,
    head_before_the_log,
    older_messages,
    start_heads,
)
from consumers.records import Record
from consumers.replay.applying import SilentEffects, apply_all
from consumers.replay.replaying import log_reader
from consumers.topics import TopicDescription, describe, generation_of

NO_LIMIT = 2**63
"""Runs of dead letters were judged when they came."""


class Rebuilt(msgspec.Struct, frozen=True, rename="camel"):
    """`up_to`: the next offset by partition; `started_at`: by this machine's clock; `renumbered`:
    messages whose number is another one than in the live database."""

    database: str
    started_at: datetime
    copied: int
    applied: int
    dead: int
    renumbered: int
    up_to: Mapping[int, int]


class Progress(msgspec.Struct, frozen=True):
    """Who hears of it: how many records there are, then how many more were applied."""

    on_total: Callable[[int], object]
    on_records: Callable[[int], object]


def rebuild(environment: Environment, into: str, progress: Progress) -> Rebuilt:
    """Copies what the log does not hold, and applies the log to it; the live database is only read.

    The result is as the live database was when this began: what is sent, founded or changed
    meanwhile may be in the live one only. Raises Refused (before anything is written), RetryLater
    and StopConsuming (then `into` is not complete: drop it).
    """
    with attempt():
        check_target(into)
    started_at = datetime.now(UTC)
    with log_reader(environment) as reader:
        spans = reader.bounds(environment.message_topic)
        if not spans:
            raise Refused(f"there is no topic {environment.message_topic}")
        described = describe(_admin(environment), environment.message_topic)
        with _quiet():
            t, copied = _copy(described, spans, into)
            applied, dead = _apply(environment, reader, described, spans, t, into, progress)
    renumbered = count_renumbered(database().name, into)
    up_to = {partition: span.end for partition, span in spans.items()}
    return Rebuilt(into, started_at, copied, applied, dead, renumbered, up_to)


def _copy(described: TopicDescription, spans: Mapping[int, Span], into: str) -> tuple[int, int]:
    """The topic's generation, and how many messages were copied.

    The ends of `spans` were read before, so every record in them finds its conversation copied.
    """
    with attempt():
        t = generation_of(described).t
    first_offsets = {partition: span.start for partition, span in spans.items()}
    copy_collections(
        into,
        older_messages=older_messages(t, first_offsets),
        conversation_stages=head_before_the_log(t, first_offsets),
    )
    live = database().name
    with using_database(into):
        start_heads(t, first_offsets, live=live)
        return t, collection("messages").count_documents({})


def _apply(
    environment: Environment,
    reader: LogReader,
    described: TopicDescription,
    spans: Mapping[int, Span],
    t: int,
    into: str,
    progress: Progress,
) -> tuple[int, int]:
    """How many records were applied, and how many of them are dead letters."""
    live = database().name
    effects = SilentEffects()
    handler = message_handler(
        environment,
        dead_letter_topic=NoDeadLetterTopic(),
        effects=effects,
        run_limit=NO_LIMIT,
    )
    total = 0

    def batches() -> Iterator[list[Record]]:
        nonlocal total
        for records in reader.read(environment.message_topic, spans):
            with attempt():
                chosen = without_given_up(records, t, live)
            total += len(records)
            yield chosen

    progress.on_total(sum(span.end - span.start for span in spans.values()))
    with using_database(into):
        handler.assigned([described], {})
        apply_all(handler, batches(), on_progress=progress.on_records)
        end_heads()
        forget_purged_quotes()
    return total, effects.applied.dead


@contextmanager
def _quiet() -> Iterator[None]:
    """The handler's lines (`Successfully processed …`) would tell of messages of long ago."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)


def _admin(environment: Environment) -> AdminClient:
    return AdminClient({**environment.kafka_connection()}, logger=kafka_logger)

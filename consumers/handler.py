"""What a consumer does with a batch: the nine steps of design section 5, in their order.

Records of the roster are applied before the batch's messages, which may be of groups that it founds.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from chat_project.logs import write_lines
from chat_project.metrics import messages_sent_total
from consumers import dead_letters, metrics
from consumers.attempts import attempt
from consumers.dead_letters import Buried, DeadLetter, DeadLetterTopic
from consumers.decoding import Entry
from consumers.effects import Effects
from consumers.errors import CAUSED_BY_CLIENTS, Poison
from consumers.loop import Batch, Handled
from consumers.records import Place, Record, TopicPartition
from consumers.registry import Registry, decode_roster_entry
from consumers.roster.applying import Applied, apply_roster
from consumers.roster.decoding import RosterEntry
from consumers.runs import BeyondLimit, Coordinates, Runs
from consumers.topics import Generation, TopicDescription, check_partitions, generation_of
from consumers.writer import MessageWriter, Written

logger = logging.getLogger(__name__)


class Decoded(msgspec.Struct):
    """Step 1 of a batch, in log order per partition."""

    entries: list[Entry] = msgspec.field(default_factory=list)
    roster: list[RosterEntry] = msgspec.field(default_factory=list)
    poisoned: list[DeadLetter] = msgspec.field(default_factory=list)
    skipped: int = 0


class ChatHandler:
    """Applies batches of the subscribed topics; the loop calls it in one thread.

    `partitions` is how many the message topic must have: producers compute with it. On the other
    topics are records of the roster, for `apply_roster`.
    """

    def __init__(
        self,
        *,
        message_topic: str,
        partitions: int,
        registry: Registry,
        writer: MessageWriter,
        dead_letter_topic: DeadLetterTopic,
        effects: Effects,
        runs: Runs,
        apply_roster: Callable[[Sequence[RosterEntry]], Applied] = apply_roster,
    ) -> None:
        self._message_topic = message_topic
        self._partitions = partitions
        self._registry = registry
        self._writer = writer
        self._dead_letter_topic = dead_letter_topic
        self._effects = effects
        self._runs = runs
        self._apply_roster = apply_roster
        self._generations: dict[str, Generation] = {}

    def assigned(
        self, topics: Collection[TopicDescription], committed: Mapping[TopicPartition, int | None]
    ) -> None:
        """Learns the generations and how long the runs below the committed offsets are."""
        with attempt():
            for described in topics:
                if described.topic == self._message_topic:
                    check_partitions(described, self._partitions)
                    generation = generation_of(described)
                else:
                    generation = generation_of(described, any_count=True)
                self._generations[described.topic] = generation
            for partition, offset in committed.items():
                if partition.topic != self._message_topic:
                    continue
                t = self._generations[partition.topic].t
                length = dead_letters.run_below(
                    t, partition.partition, offset or 0, self._runs.limit
                )
                self._runs.start(partition, length)

    def apply(self, batch: Batch) -> Handled:
        """Steps 1 to 8; the loop does the ninth. Raises RetryLater, then the batch comes again."""
        records, stop = batch.records, None
        while True:
            decoded = self._decode(records)  # step 1
            applied = self._apply_roster(decoded.roster)
            try:
                with attempt():
                    written = self._write(records, decoded)  # steps 2 to 7
                break
            except BeyondLimit as beyond:
                records, stop = _before(records, beyond), self._explain(beyond)
        dead = decoded.poisoned + written.dead
        self._runs.settle(records, self._in_runs(dead))
        self._tell_operators(written, dead, decoded.skipped, batch.received_at)
        _tell_of_roster(decoded.roster, applied)
        self._effects.after(written, dead)  # step 8
        return Handled(records, stop)

    def _decode(self, records: Sequence[Record]) -> Decoded:
        decoded = Decoded()
        for record in records:
            generation = self._generations[record.topic]
            try:
                self._decode_one(record, generation, decoded)
            except Poison as poison:
                place = Place(generation.t, record.partition, record.offset)
                decoded.poisoned.append(DeadLetter(record, place, poison))
        return decoded

    def _decode_one(self, record: Record, generation: Generation, decoded: Decoded) -> None:
        if record.topic != self._message_topic:
            if (about_school := decode_roster_entry(record, generation.t)) is not None:
                decoded.roster.append(about_school)
            else:
                decoded.skipped += 1
        elif (entry := self._registry.decode(record, generation)) is not None:
            decoded.entries.append(entry)
        else:
            decoded.skipped += 1

    def _write(self, records: Sequence[Record], decoded: Decoded) -> Written:
        buried = Buried()

        def check(dead: Sequence[DeadLetter]) -> None:
            nonlocal buried
            letters = decoded.poisoned + list(dead)
            buried = dead_letters.read_buried(letters)
            known = [letter for letter in letters if letter.id in buried.known]
            self._runs.check(records, self._in_runs(letters), self._in_runs(known))

        def bury(dead: Sequence[DeadLetter]) -> None:
            dead_letters.bury(decoded.poisoned + list(dead), buried, self._dead_letter_topic)

        return self._writer.apply(decoded.entries, check=check, bury=bury)

    def _in_runs(self, dead: Sequence[DeadLetter]) -> set[Coordinates]:
        """Where those of the dead letters lie that count in a run. Those of the roster do not: each
        is about one school, and its records can be retried when they are right."""
        return {
            (letter.record.topic_partition, letter.record.offset)
            for letter in dead
            if letter.record.topic == self._message_topic
            and letter.poison.reason not in CAUSED_BY_CLIENTS
        }

    def _tell_operators(
        self, written: Written, dead: Sequence[DeadLetter], skipped: int, received_at: float
    ) -> None:
        seconds = time.monotonic() - received_at
        messages_sent_total.labels("sent").inc(len(written.stored))
        messages_sent_total.labels("duplicate").inc(len(written.duplicates))
        of_the_log = [letter for letter in dead if letter.record.topic == self._message_topic]
        messages_sent_total.labels("failed").inc(len(of_the_log))
        metrics.roster_events.labels("dead_letter").inc(len(dead) - len(of_the_log))
        metrics.skipped.inc(skipped)
        milliseconds = round(seconds * 1_000)
        metrics.processing_seconds.observe_many(seconds, len(written.stored))
        write_lines(
            logging.INFO,
            [
                f"Successfully processed message {message.id} in {milliseconds}ms"
                for message, _ in written.stored
            ],
        )
        for letter in dead:
            _log_dead_letter(letter)

    def _explain(self, beyond: BeyondLimit) -> str:
        (topic, partition), offset = next(iter(beyond.offsets.items()))
        return (
            f"{self._runs.limit} dead letters in a row in {topic} [{partition}], and the record at"
            f" offset {offset} would be one more. Stopped before it: see the collection"
            " dead_letters for the reason; if they are right, go on with --allow-dead-letters N"
        )


def _tell_of_roster(entries: Sequence[RosterEntry], applied: Applied) -> None:
    metrics.roster_events.labels("applied").inc(len(entries))
    for each in entries:
        if each.dated is not None:
            logger.warning(
                "An event of the roster is dated %s, ahead of its record; it counts as of %s: %s [%d]"
                " offset %d",
                each.dated.isoformat(),
                each.fact.version.at.isoformat(),
                each.record.topic,
                each.record.partition,
                each.record.offset,
            )
    if entries:
        logger.info(
            "Roster: %d events; %d student groups founded, %d changed",
            len(entries),
            applied.founded,
            applied.changed,
        )


def _before(records: Sequence[Record], beyond: BeyondLimit) -> list[Record]:
    return [
        record
        for record in records
        if record.offset < beyond.offsets.get(record.topic_partition, record.offset + 1)
    ]


def _log_dead_letter(letter: DeadLetter) -> None:
    record, poison = letter.record, letter.poison
    metrics.dead_letters.labels(poison.reason.value).inc()
    logger.warning(
        "Dead letter %s (%s): %s [%d] offset %d key %r: %s",
        letter.id,
        poison.reason.value,
        record.topic,
        record.partition,
        record.offset,
        record.key,
        poison.text[:200],
    )

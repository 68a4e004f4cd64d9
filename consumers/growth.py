"""Adding partitions to the message topic in a pause, so that no order is lost (decision 0014).

Every step may be repeated: the same call after a crash goes on where the crash came. The order
matters: the new count is noted with the end offsets before a partition is added, and every
process that computes with the old one refuses from then on.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec
from confluent_kafka.admin import AdminClient

from chat_project import audit_log
from chat_project.kafka_logs import kafka_logger
from chat_project.settings.environment import Environment
from consumers.accepting import Pause, TakenOver, end_abandoned
from consumers.errors import ConsumerError, RetryLater
from consumers.lag import LagReader
from consumers.topics import (
    Generation,
    Growth,
    TopicDescription,
    describe,
    known_generation,
    note_growth,
)
from messaging.pause import Accepting, read_accepting
from messaging.topics import TopicAdministration

MAX_PARTITIONS = 1_000
QUIET_SECONDS = 33.0
"""A record may arrive up to 30 s after it was produced (message.timeout.ms), and a process knows
of the pause up to 2 s after it began (1 s between looks, 1 s for a look); 1 s of margin."""
SETTLE_SECONDS = 3.0
"""Every consumer has seen the new count: 2 s as above, and 1 s of margin."""
LOOK_SECONDS = 0.5

Tell = Callable[[str], None]
Offsets = Mapping[int, int]


class GrowthRefused(ConsumerError):
    """A guard: the topic cannot grow so; nothing was changed."""


class NotQuiet(ConsumerError):
    """Records kept coming, or were not handled in time; accepting is open again."""


class Times(msgspec.Struct, frozen=True):
    """In seconds: how long the end offsets must stand still, and how long to wait for that."""

    quiet: float = QUIET_SECONDS
    settle: float = SETTLE_SECONDS
    most: float = 600.0


class TopicGrowth:
    """One growth of the message topic and its dead-letter topic to `partitions`.

    `tell` takes a line for each step. All methods may raise RetryLater, KafkaAway and pymongo's
    errors: then the same call is to be made again.
    """

    def __init__(self, environment: Environment, partitions: int, times: Times, tell: Tell) -> None:
        connection = environment.kafka_connection()
        self._topic = environment.message_topic
        self._both = (environment.message_topic, environment.dead_letter_topic)
        self._group_id, self._connection = environment.kafka_group_id, connection
        self._partitions, self._times, self._tell = partitions, times, tell
        self._topics = TopicAdministration(connection)
        self._admin = AdminClient({**connection}, logger=kafka_logger)
        self._pause = Pause(self._topic)

    def is_done(self) -> bool:
        """An earlier run has finished this growth, or the topics were made with that count."""
        if read_accepting(self._topic) not in (None, Accepting(self._partitions, paused=False)):
            return False
        if set(self._counts()) != {self._partitions}:
            return False
        generation = known_generation(describe(self._admin, self._topic))
        return generation is None or generation.partitions == self._partitions

    def check(self) -> int:
        """The count before the growth. Raises GrowthRefused, saying what is allowed."""
        counts = self._counts()
        if None in counts:
            raise GrowthRefused(f"there is no topic {' or '.join(self._both)}: run create_topics")
        if (most := max(count or 0 for count in counts)) > self._partitions:
            raise GrowthRefused(
                f"{self._topic} has {most} partitions, and a topic never shrinks: allowed are"
                f" {2 * most}, {3 * most}, … up to {MAX_PARTITIONS}"
            )
        described = describe(self._admin, self._topic)
        generation = known_generation(described)
        if generation is None:
            raise GrowthRefused(
                f"no consumer has registered {self._topic} yet: run consume_messages --drain once"
            )
        state = read_accepting(self._topic)
        if state and state.paused and state.grows_to != self._partitions:
            raise GrowthRefused(
                f"a growth to {state.grows_to} is under way: finish it with --partitions"
                f" {state.grows_to}, or, before its growth is noted, end it with --resume-accepting"
            )
        if self._is_noted(generation):
            return described.partitions
        self._check_count(described, generation)
        return described.partitions

    def run(self) -> None:
        """Steps (a) to (e). Raises NotQuiet after it has opened accepting again, TakenOver when
        another run took the topic from it, and what `check` raises: an hour may have passed."""
        self.check()
        described = describe(self._admin, self._topic)
        generation = self._generation(described)
        if not self._is_noted(generation):
            offsets = self._pause_until_quiet(generation.partitions)  # (a), (b)
            self._note(described, generation, offsets)  # (c)
        else:
            self._pause.begin(self._partitions, grows_to=self._partitions)
        self._topics.add_partitions(self._both, self._partitions)  # (d)
        self._tell(f"{' and '.join(self._both)} have {self._partitions} partitions")
        self._pause.end(self._partitions)  # (e)
        self._tell(f"accepting is open for processes with KAFKA_PARTITIONS={self._partitions}")

    def _hold(self, partitions: int) -> None:
        self._pause.hold(partitions, grows_to=self._partitions)

    def _counts(self) -> list[int | None]:
        return [self._topics.partition_count(topic) for topic in self._both]

    def _generation(self, described: TopicDescription) -> Generation:
        generation = known_generation(described)
        if generation is None:
            raise GrowthRefused(f"{self._topic} was made again meanwhile")
        return generation

    def _is_noted(self, generation: Generation) -> bool:
        return len(generation.growth) > 1 and generation.partitions == self._partitions

    def _check_count(self, described: TopicDescription, generation: Generation) -> None:
        count, wanted = described.partitions, self._partitions
        if wanted == count or wanted % count or wanted > MAX_PARTITIONS:
            raise GrowthRefused(
                f"{self._topic} has {count} partitions: it grows to a multiple of them only"
                f" ({2 * count}, {3 * count}, … up to {MAX_PARTITIONS})"
            )
        if count != generation.partitions:
            raise GrowthRefused(
                f"{self._topic} has {count} partitions, but {generation.partitions} are noted"
                " (collection topics): if a growth to that number was interrupted, finish it first"
            )

    def _pause_until_quiet(self, partitions: int) -> Offsets:
        """As `_wait_until_quiet`. Whoever gives up, or is interrupted, opens accepting again."""
        try:
            self._pause.begin(partitions, grows_to=self._partitions)
            self._tell("accepting is paused")
            offsets = self._wait_until_quiet(partitions)
            self._hold(self._partitions)
            return offsets
        except NotQuiet:
            self._pause.end(partitions)
            raise
        except KeyboardInterrupt:
            with suppress(TakenOver):  # by another run, or it was not paused yet
                self._pause.end(partitions)
            raise

    def _wait_until_quiet(self, partitions: int) -> Offsets:
        """The end offsets, once nothing moves and everybody knows the new count."""
        deadline = time.monotonic() + self._times.most
        reader = LagReader(self._connection, self._group_id)
        try:
            while True:
                offsets = self._stand_still(reader, self._times.quiet, deadline)
                self._hold(self._partitions)
                settle = self._times.settle
                if self._stand_still(reader, settle, deadline, expected=offsets) == offsets:
                    return offsets
                self._hold(partitions)  # consumers handle the late record before the next try
        finally:
            reader.close()

    def _stand_still(
        self,
        reader: LagReader,
        seconds: float,
        deadline: float,
        *,
        expected: Offsets | None = None,
    ) -> Offsets:
        """End offsets that have not moved for so long, all of them handled by the group; or the
        first that are not as expected, at once."""
        last: Offsets | None = None
        lag, since, told_at = 0, time.monotonic(), 0.0
        while last is None or lag or time.monotonic() - since < seconds:
            if time.monotonic() > deadline:
                raise NotQuiet(self._why_not(lag))
            try:
                lags = reader.read([self._topic])
            except RetryLater as error:
                self._tell(f"waiting: {error}")
                last = None
            else:
                ends = {each.partition: each.end for each in lags}
                lag = sum(each.lag for each in lags)
                if expected is not None and ends != expected:
                    return ends
                if ends != last:
                    last, since = ends, time.monotonic()
                if time.monotonic() - told_at > 5:
                    told_at = time.monotonic()
                    self._tell(f"waiting for {seconds:.0f} s without a new record; lag {lag}")
            time.sleep(LOOK_SECONDS)
        return last

    def _why_not(self, lag: int) -> str:
        cause = (
            f"{lag} records are not handled (are consumers running?)"
            if lag
            else "records kept coming (pause other producers)"
        )
        return f"not quiet within {self._times.most:.0f} s: {cause}; accepting is open again"

    def _note(self, described: TopicDescription, generation: Generation, offsets: Offsets) -> None:
        details = {
            "from": generation.partitions,
            "to": self._partitions,
            "offsets": {str(partition): offset for partition, offset in offsets.items()},
        }
        if not note_growth(described, generation, Growth(self._partitions, offsets)):
            raise GrowthRefused(f"somebody else grew {self._topic} meanwhile: look before going on")
        audit_log.note("grow topic", target=self._topic, details=details)
        self._tell("the growth is noted")


def resume_accepting(environment: Environment) -> bool:
    """Ends a pause whose growth was not noted yet; False: nothing was paused.

    Raises GrowthRefused when it was noted, RetryLater when Kafka is away, and pymongo's errors.
    """
    topic = environment.message_topic
    state = read_accepting(topic)
    if state is None or not state.paused:
        return False
    admin = AdminClient({**environment.kafka_connection()}, logger=kafka_logger)
    described = describe(admin, topic)
    generation = known_generation(described)
    if generation is not None and generation.partitions == state.grows_to:
        raise GrowthRefused(
            f"the growth to {state.grows_to} is noted already: finish it with --partitions"
            f" {state.grows_to}"
        )
    if not end_abandoned(topic, state, described.partitions):
        raise GrowthRefused(f"a run that grows {topic} is at work: stop that one first")
    audit_log.note("resume accepting", target=topic, details={"growsTo": state.grows_to})
    return True

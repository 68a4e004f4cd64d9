"""The dead letters of this installation: its topics, its collection, its Kafka."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby

from confluent_kafka.admin import AdminClient

from chat_project.kafka_logs import kafka_logger
from chat_project.mongodb import taking_up_to
from chat_project.settings.environment import Environment
from consumers.acknowledged import AcknowledgedProducer
from consumers.errors import StopConsuming
from consumers.letters import closing, display, retrying
from consumers.letters.display import Shown
from consumers.letters.originals import Originals
from consumers.letters.retrying import Outcome
from consumers.letters.selection import Letter, State
from consumers.letters.trimming import trim
from consumers.log_reader import LogReader
from consumers.topics import Generation, describe, generation_of
from messaging.pause import read_accepting

TRIM_SECONDS = 600.0
"""For MongoDB's part in looking through the discarded records."""


class Desk:
    """Every method may raise RetryLater (Kafka is away) or pymongo's errors."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._connection = environment.kafka_connection()
        self._admin = AdminClient({**self._connection}, logger=kafka_logger)
        self._reader = LogReader(self._connection)
        self._originals = Originals(self._reader, environment.dead_letter_topic)

    def close(self) -> None:
        self._reader.close()

    def show(self, letter: Letter) -> Shown:
        return display.shown(letter, self._originals.read([letter]).get(letter.id))

    def retry(self, letters: Sequence[Letter], *, by: str) -> Iterator[Outcome]:
        """Each to the topic that it came from. Raises StopConsuming when the message topic has not
        the noted number of partitions, or grows; and, after all others, when nobody here consumes
        the topic of one."""
        subscribed = self._environment.subscribed_topics
        ordered = sorted(letters, key=lambda letter: letter.topic not in subscribed)
        for topic, of_topic in groupby(ordered, key=lambda letter: letter.topic):
            if topic not in subscribed:
                raise StopConsuming(
                    f"{topic} is not in KAFKA_TOPICS: nobody would apply what is produced to it"
                )
            yield from retrying.retry(
                list(of_topic),
                originals=self._originals,
                producer=AcknowledgedProducer(self._connection, topic),
                present=partial(self._open_generation, topic),
                by=by,
            )

    def _open_generation(self, topic: str) -> Generation:
        """Asked anew for each chunk: the topic may begin to grow between two (decision 0014)."""
        if topic != self._environment.message_topic:
            return generation_of(describe(self._admin, topic), any_count=True)
        state = read_accepting(topic)
        if state is not None and state.paused:
            raise StopConsuming(
                f"accepting is paused, because {topic} grows to {state.grows_to} partitions:"
                " retry when create_topics is done"
            )
        return generation_of(describe(self._admin, topic))

    def discard(
        self,
        letters: Sequence[Letter],
        *,
        why: str,
        by: str,
        on_progress: Callable[[int], object],
    ) -> int:
        """Closes those that are not discarded yet; gives how many. The records remain."""
        wanted = [letter for letter in letters if letter.state != State.DISCARDED]
        for letter in wanted:
            closing.discard(letter, why=why, by=by)
            on_progress(1)
        return len(wanted)

    def remove_discarded(self, *, on_progress: Callable[[int], object]) -> int:
        """Frees the front of the dead-letter topic; gives how many offsets. `on_progress` hears
        how many records more were looked through."""
        topic = self._environment.dead_letter_topic
        with taking_up_to(TRIM_SECONDS):
            return trim(self._reader, self._admin, topic, on_progress=on_progress)

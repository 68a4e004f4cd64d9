"""The topic that keeps dead letters whole, until they are discarded (design section 6)."""

from collections.abc import Mapping, Sequence

from consumers.acknowledged import AcknowledgedProducer, Outgoing
from consumers.dead_letters import DeadLetter, Kept, headers_of


class KafkaDeadLetterTopic:
    """Produces with the original key, value and headers; connects at the first dead letter."""

    def __init__(self, connection: Mapping[str, str], topic: str, group_id: str) -> None:
        self._producer = AcknowledgedProducer(connection, topic)
        self._group_id = group_id

    def produce(self, letters: Sequence[DeadLetter]) -> Mapping[str, Kept]:
        """Where each letter's record lies, by id, once all are acknowledged. Raises RetryLater
        otherwise, and may have written some: readers tell copies by the headers topic, partition
        and offset."""
        return self._producer.produce([self._outgoing(letter) for letter in letters])

    def _outgoing(self, letter: DeadLetter) -> Outgoing:
        record = letter.record
        return Outgoing(letter.id, record.key, record.value, headers_of(letter, self._group_id))

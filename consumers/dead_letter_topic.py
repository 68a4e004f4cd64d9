"""The topic that keeps dead letters whole, for ever (design section 6)."""

from collections.abc import Mapping, Sequence
from functools import partial

import confluent_kafka as kafka

from chat_project.kafka_logs import kafka_logger
from consumers.dead_letters import DeadLetter, Kept, headers_of
from consumers.errors import RetryLater

MAX_MESSAGE_BYTES = 2_097_152
"""A record of the main topic (1 MiB) and the headers added to it; the topic's limit too."""
ACKNOWLEDGED_SECONDS = 10.0

_SETTINGS: Mapping[str, str | int | bool] = {
    "enable.idempotence": True,
    "partitioner": "consistent_random",
    "compression.type": "lz4",
    "linger.ms": 1,
    "message.max.bytes": MAX_MESSAGE_BYTES,
    "message.timeout.ms": int(ACKNOWLEDGED_SECONDS * 1_000),
}


class KafkaDeadLetterTopic:
    """Produces with the original key, value and headers; connects at the first dead letter."""

    def __init__(self, connection: Mapping[str, str], topic: str, group_id: str) -> None:
        self._connection = connection
        self._topic = topic
        self._group_id = group_id
        self._producer: kafka.Producer | None = None

    def produce(self, letters: Sequence[DeadLetter]) -> Mapping[str, Kept]:
        """Where each letter's record lies, by id, once all are acknowledged. Raises RetryLater
        otherwise, and may have written some: readers tell copies by the headers topic, partition
        and offset."""
        producer = self._connected()
        refusals: list[str] = []
        kept: dict[str, Kept] = {}

        def on_delivery(
            letter: str, error: kafka.KafkaError | None, message: "kafka.Message[bytes, bytes]"
        ) -> None:
            if error is not None:
                refusals.append(str(error))
            else:
                kept[letter] = Kept(message.partition() or 0, message.offset() or 0)

        try:
            for letter in letters:
                producer.produce(
                    self._topic,
                    key=letter.record.key,
                    value=letter.record.value,
                    headers=headers_of(letter, self._group_id),
                    on_delivery=partial(on_delivery, letter.id),
                )
                producer.poll(0)
        except (BufferError, kafka.KafkaException) as error:
            refusals.append(str(error))
        waiting = producer.flush(ACKNOWLEDGED_SECONDS + 1)
        if waiting or refusals:
            self._producer = None  # a fatal error would stay with it
            reason = refusals[0] if refusals else f"{waiting} not acknowledged in time"
            raise RetryLater(f"{self._topic} takes no dead letters: {reason}")
        return kept

    def _connected(self) -> kafka.Producer:
        if self._producer is None:
            self._producer = kafka.Producer({**self._connection, **_SETTINGS}, logger=kafka_logger)
        return self._producer

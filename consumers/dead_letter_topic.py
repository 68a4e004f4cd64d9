"""The topic that keeps dead letters whole, for ever (design section 6)."""

from collections.abc import Mapping, Sequence

import confluent_kafka as kafka

from chat_project.kafka_logs import kafka_logger
from consumers.dead_letters import DeadLetter, headers_of
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

    def produce(self, letters: Sequence[DeadLetter]) -> None:
        """Returns when all are acknowledged; raises RetryLater otherwise, and may have written
        some: readers tell copies by the headers topic, partition and offset."""
        producer = self._connected()
        refusals: list[str] = []

        def on_delivery(error: kafka.KafkaError | None, _: "kafka.Message[bytes, bytes]") -> None:
            if error is not None:
                refusals.append(str(error))

        try:
            for letter in letters:
                producer.produce(
                    self._topic,
                    key=letter.record.key,
                    value=letter.record.value,
                    headers=headers_of(letter, self._group_id),
                    on_delivery=on_delivery,
                )
                producer.poll(0)
        except (BufferError, kafka.KafkaException) as error:
            refusals.append(str(error))
        waiting = producer.flush(ACKNOWLEDGED_SECONDS + 1)
        if waiting or refusals:
            self._producer = None  # a fatal error would stay with it
            reason = refusals[0] if refusals else f"{waiting} not acknowledged in time"
            raise RetryLater(f"{self._topic} takes no dead letters: {reason}")

    def _connected(self) -> kafka.Producer:
        if self._producer is None:
            self._producer = kafka.Producer({**self._connection, **_SETTINGS}, logger=kafka_logger)
        return self._producer

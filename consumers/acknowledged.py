"""Records written one by one with proof: the producer of dead letters and of their retries."""

from collections.abc import Mapping, Sequence
from functools import partial

import confluent_kafka as kafka
import msgspec

from chat_project.kafka_logs import kafka_logger
from consumers.dead_letters import Kept
from consumers.errors import RetryLater

MAX_MESSAGE_BYTES = 2_097_152
"""A record of the main topic (1 MiB) and the headers added to it; the dead-letter topic's limit."""
ACKNOWLEDGED_SECONDS = 10.0
ANY_PARTITION = -1

_SETTINGS: Mapping[str, str | int | bool] = {
    "enable.idempotence": True,
    "partitioner": "consistent_random",
    "compression.type": "lz4",
    "linger.ms": 1,
    "message.max.bytes": MAX_MESSAGE_BYTES,
    "message.timeout.ms": int(ACKNOWLEDGED_SECONDS * 1_000),
}


class Outgoing(msgspec.Struct, frozen=True):
    """A record on behalf of the dead letter `letter`; `partition` follows from the key if absent."""

    letter: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, str | bytes | None]]
    partition: int = ANY_PARTITION


class AcknowledgedProducer:
    """Produces to one topic and waits for every acknowledgement; connects at the first record."""

    def __init__(self, connection: Mapping[str, str], topic: str) -> None:
        self._connection = connection
        self._topic = topic
        self._producer: kafka.Producer | None = None

    def produce(self, records: Sequence[Outgoing]) -> dict[str, Kept]:
        """Where each record lies, by letter, once all are acknowledged; waits at most 11 s.

        Raises RetryLater otherwise, and may have written some.
        """
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
            for record in records:
                producer.produce(
                    self._topic,
                    key=record.key,
                    value=record.value,
                    partition=record.partition,
                    headers=record.headers,
                    on_delivery=partial(on_delivery, record.letter),
                )
                producer.poll(0)
        except (BufferError, kafka.KafkaException) as error:
            refusals.append(str(error))
        waiting = producer.flush(ACKNOWLEDGED_SECONDS + 1)
        if waiting or refusals:
            self._producer = None  # a fatal error would stay with it
            reason = refusals[0] if refusals else f"{waiting} not acknowledged in time"
            raise RetryLater(f"{self._topic} takes no records: {reason}")
        return kept

    def _connected(self) -> kafka.Producer:
        if self._producer is None:
            self._producer = kafka.Producer({**self._connection, **_SETTINGS}, logger=kafka_logger)
        return self._producer

"""Whether this consumer is still let into its group, when it has no partitions.

librdkafka was seen to lose its session while all brokers were down, and never to ask its way back
in: it polls, and nothing comes (the fault suite, Kafka: all stopped for 30 s). Such a consumer has
no member id; one for whom no partition is left has one. Its group is not described to find out:
that request makes librdkafka 2.16 abort the process when the coordinator stands still.
"""

import time
from collections.abc import Callable

import confluent_kafka as kafka

from consumers.errors import StopConsuming

ASK_SECONDS = 10.0
ANSWER_SECONDS = 3.0
ABSENT_SECONDS = 60.0
"""How long a consumer of brokers that answer may be without a member id: joining takes seconds."""


class Membership:
    """Asks at most every 10 s, and only without a member id; `does_kafka_answer` may block 3 s."""

    def __init__(
        self,
        does_kafka_answer: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._does_kafka_answer, self._clock = does_kafka_answer, clock
        self._ask_at = clock() + ASK_SECONDS
        self._absent_since: float | None = None

    def check(self, member_id: str | None) -> None:
        """Raises StopConsuming after a minute without a member id while Kafka answers."""
        if member_id:
            self._absent_since = None
            return
        now = self._clock()
        if now < self._ask_at:
            return
        self._ask_at = now + ASK_SECONDS
        if not self._does_kafka_answer():
            self._absent_since = None
        elif self._absent_since is None:
            self._absent_since = now
        elif now - self._absent_since > ABSENT_SECONDS:
            raise StopConsuming(
                "Kafka answers, and this consumer has not come into its group for"
                f" {ABSENT_SECONDS:.0f} s: start it again"
            )


def does_kafka_answer(consumer: kafka.Consumer, topic: str) -> bool:
    """Whether a broker tells the topic's metadata within 3 s."""
    try:
        consumer.list_topics(topic, timeout=ANSWER_SECONDS)
    except kafka.KafkaException:
        return False
    return True

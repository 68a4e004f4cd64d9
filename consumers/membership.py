"""Whether this consumer is still in its group, when it has no partitions.

librdkafka was seen to lose its session while all brokers were down, and never to ask its way back
in: it polls, and nothing comes (the fault suite, Kafka: all stopped for 30 s). Only the brokers can
tell that from a member for whom no partition is left.
"""

import time
from collections.abc import Callable, Collection

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from consumers.errors import StopConsuming

ASK_SECONDS = 10.0
ANSWER_SECONDS = 3.0
ABSENT_SECONDS = 60.0
"""How long brokers that answer may not know this consumer: joining takes seconds."""


class Membership:
    """Asks at most every 10 s, and only while there are no partitions.

    `members` gives the ids of the group's members, None when no broker answers.
    """

    def __init__(
        self,
        members: Callable[[], Collection[str] | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._members, self._clock = members, clock
        self._ask_at = clock() + ASK_SECONDS
        self._absent_since: float | None = None

    def check(self, member_id: str | None, *, has_partitions: bool) -> None:
        """Raises StopConsuming once the group has not known this consumer for a minute."""
        now = self._clock()
        if has_partitions:
            self._absent_since = None
        if has_partitions or now < self._ask_at:
            return
        self._ask_at = now + ASK_SECONDS
        members = self._members()
        if members is None or member_id in members:
            self._absent_since = None
        elif self._absent_since is None:
            self._absent_since = now
        elif now - self._absent_since > ABSENT_SECONDS:
            raise StopConsuming(
                "Kafka answers, and its group has not known this consumer for"
                f" {ABSENT_SECONDS:.0f} s: start it again"
            )


def members_of(admin: AdminClient, group_id: str) -> set[str] | None:
    """The ids of the group's members as the brokers tell them; None when they do not answer."""
    try:
        answer = admin.describe_consumer_groups([group_id], request_timeout=ANSWER_SECONDS)
        described = answer[group_id].result(timeout=ANSWER_SECONDS + 1)
    except (KafkaException, TimeoutError):
        return None
    return {member.member_id for member in described.members}

"""The logger of Kafka's client library, which tells the same trouble up to 20 times a second."""

import logging
import re
import time
from collections.abc import Callable

from typing_extensions import override

REPEAT_SECONDS = 10.0
MAX_REMEMBERED = 1_000

_NUMBERS = re.compile(r"\d+")


class RepeatsCounted(logging.Filter):
    """Lets a line through once in ten seconds, with the number of those that it held back.

    Lines are the same when they differ in numbers only.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._seen: dict[str, tuple[float, int]] = {}

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        key, now = _NUMBERS.sub("#", text), self._clock()
        told_at, held_back = self._seen.get(key, (float("-inf"), 0))
        if now - told_at < REPEAT_SECONDS:
            self._seen[key] = told_at, held_back + 1
            return False
        if len(self._seen) > MAX_REMEMBERED:
            self._seen.clear()
        self._seen[key] = now, 0
        if held_back:
            record.msg, record.args = f"{text} (and {held_back} times before)", ()
        return True


kafka_logger = logging.getLogger("librdkafka")
kafka_logger.addFilter(RepeatsCounted())

"""A duty of every `consume_messages`: to publish what is left over in the outbox.

On a thread of its own, because the loop's stands still while nothing comes. That several processes
do it costs duplicates, which the writer drops.
"""

import logging
from threading import Event, Thread

from pymongo.errors import PyMongoError

from consumers import metrics
from messaging.outbox import publish_left_over

logger = logging.getLogger(__name__)

PERIOD_SECONDS = 5.0


class LeftOverDuty:
    """Looks every 5 s, from `start` to `stop`; a step takes some 3 s at most when Kafka is away."""

    def __init__(self) -> None:
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="left-over", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Does not wait: a step that is cut off is repeated by the next process."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(PERIOD_SECONDS):
            try:
                _step()
            except PyMongoError as error:
                logger.warning("What is left over in the outbox cannot be read: %s", error)
            except (
                Exception
            ):  # a thread that ends would leave the outbox full, and nobody would know
                logger.exception("What is left over in the outbox was not published")


def _step() -> None:
    found, published = publish_left_over()
    metrics.outbox_left_over.set(found - published)
    if published:
        logger.info("Published %d of %d left-over changes to conversations", published, found)

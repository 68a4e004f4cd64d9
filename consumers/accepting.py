"""Writes the collection `accepting`, which `messaging.pause` reads: one growth run holds it at a time.

Two runs, or a run and `--resume-accepting`, must not undo each other: each write after the first
asks that the document is still the writer's own.
"""

from datetime import UTC, datetime

from pymongo.errors import DuplicateKeyError

from chat_project.identifiers import new_id
from chat_project.mongodb import Document, collection
from consumers.errors import ConsumerError
from messaging.pause import Accepting


class TakenOver(ConsumerError):
    """Another run, or --resume-accepting, has written meanwhile; this run changes nothing more."""


class Pause:
    """The pause of one run. Raises pymongo's errors."""

    def __init__(self, topic: str) -> None:
        self._topic, self._run = topic, new_id()

    def begin(self, partitions: int, *, grows_to: int) -> None:
        """Every process refuses to produce; one that computes with another count, to consume too.

        Takes over from a run that died, or that is still at work: that one raises TakenOver.
        """
        document = self._paused(partitions, grows_to)
        try:
            collection("accepting").replace_one({"_id": self._topic}, document, upsert=True)
        except DuplicateKeyError:  # made by somebody else at the same moment
            collection("accepting").replace_one({"_id": self._topic}, document)

    def hold(self, partitions: int, *, grows_to: int) -> None:
        """As `begin`, for the run that began. Raises TakenOver."""
        self._replace_own(self._paused(partitions, grows_to))

    def end(self, partitions: int) -> None:
        """Processes that compute with this count produce again. Raises TakenOver."""
        self._replace_own(_open(self._topic, partitions))

    def _paused(self, partitions: int, grows_to: int) -> Document:
        state = {"partitions": partitions, "paused": True, "growsTo": grows_to, "run": self._run}
        return {"_id": self._topic, **state, "at": datetime.now(UTC)}

    def _replace_own(self, document: Document) -> None:
        own = {"_id": self._topic, "run": self._run}
        if not collection("accepting").replace_one(own, document).matched_count:
            raise TakenOver(
                f"somebody else grows {self._topic}, or has ended its pause, meanwhile: this run"
                " gives up and leaves accepting to them"
            )


def end_abandoned(topic: str, seen: Accepting, partitions: int) -> bool:
    """Ends the pause that was seen; False: somebody else has written meanwhile."""
    the_same = {"_id": topic, "paused": True, "run": seen.run}
    document = _open(topic, partitions)
    return bool(collection("accepting").replace_one(the_same, document).matched_count)


def _open(topic: str, partitions: int) -> Document:
    return {"_id": topic, "partitions": partitions, "paused": False, "at": datetime.now(UTC)}

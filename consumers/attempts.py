"""One attempt against MongoDB: bounded in time, its errors told apart into retry and stop."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pymongo
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from chat_project.mongodb import described
from consumers.errors import RetryLater, StopConsuming

T = TypeVar("T")

ATTEMPT_SECONDS = 10.0
"""After that the outcome is unknown; only idempotent writes make the next attempt safe."""

TRANSIENT_CODES = frozenset(
    {
        6,  # HostUnreachable
        7,  # HostNotFound
        24,  # LockTimeout
        50,  # MaxTimeMSExpired
        64,  # WriteConcernFailed
        89,  # NetworkTimeout
        91,  # ShutdownInProgress
        100,  # UnsatisfiableWriteConcern
        112,  # WriteConflict
        134,  # ReadConcernMajorityNotAvailableYet
        146,  # ExceededMemoryLimit
        189,  # PrimarySteppedDown
        262,  # ExceededTimeLimit
        9_001,  # SocketException
        10_107,  # NotWritablePrimary
        11_600,  # InterruptedAtShutdown
        11_601,  # Interrupted
        11_602,  # InterruptedDueToReplStateChange
        13_435,  # NotPrimaryNoSecondaryOk
        13_436,  # NotPrimaryOrSecondary
        14_031,  # OutOfDiskSpace
    }
)

TRANSIENT_LABELS = ("TransientTransactionError", "UnknownTransactionCommitResult")
"""Of a transaction: it was refused or ended by the server, or its outcome is unknown."""

TRIES = 8
FIRST_BACKOFF_SECONDS, LAST_BACKOFF_SECONDS = 0.1, 5.0
"""Some 13 s of pauses in all: a person waits for the command and can start it again."""


def patiently(step: Callable[[], T]) -> T:
    """What the step gives. Raises RetryLater when it has failed for so long, for commands."""
    backoff = FIRST_BACKOFF_SECONDS
    for _ in range(TRIES - 1):
        try:
            return step()
        except RetryLater:
            time.sleep(backoff)  # a command's own thread; nothing could wake it earlier
            backoff = min(2 * backoff, LAST_BACKOFF_SECONDS)
    return step()


def patient_attempt(step: Callable[[], T]) -> T:
    """Each try of a step against MongoDB bounded as an `attempt`. Raises RetryLater, StopConsuming."""

    def bounded() -> T:
        with attempt():
            return step()

    return patiently(bounded)


@contextmanager
def attempt(seconds: float = ATTEMPT_SECONDS) -> Iterator[None]:
    """Bounds the block; raises RetryLater for trouble of the server.

    Anything else that it refuses is a wrong setting or our bug: StopConsuming.
    """
    try:
        with pymongo.timeout(seconds):
            yield
    except PyMongoError as error:
        text = described(error)
        raise (RetryLater(text) if _is_transient(error) else StopConsuming(text)) from None


def _is_transient(error: PyMongoError) -> bool:
    if error.timeout or isinstance(error, ConnectionFailure | ExecutionTimeout | WriteConcernError):
        return True
    if any(error.has_error_label(label) for label in TRANSIENT_LABELS):
        return True
    if isinstance(error, BulkWriteError):
        details = error.details or {}
        codes = [each.get("code") for each in details.get("writeErrors", ())]
        return bool(details.get("writeConcernErrors")) or TRANSIENT_CODES.issuperset(codes)
    return isinstance(error, OperationFailure) and error.code in TRANSIENT_CODES

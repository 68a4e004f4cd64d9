"""One attempt against MongoDB: bounded in time, its errors told apart into retry and stop."""

from collections.abc import Iterator
from contextlib import contextmanager

import pymongo
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from consumers.errors import RetryLater

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


@contextmanager
def attempt() -> Iterator[None]:
    """Bounds the block and raises RetryLater for trouble of the server; the rest is our bug."""
    try:
        with pymongo.timeout(ATTEMPT_SECONDS):
            yield
    except PyMongoError as error:
        if _is_transient(error):
            raise RetryLater(f"MongoDB: {error}") from error
        raise


def _is_transient(error: PyMongoError) -> bool:
    if error.timeout or isinstance(error, ConnectionFailure | ExecutionTimeout | WriteConcernError):
        return True
    if isinstance(error, BulkWriteError):
        details = error.details or {}
        codes = [each.get("code") for each in details.get("writeErrors", ())]
        return bool(details.get("writeConcernErrors")) or TRANSIENT_CODES.issuperset(codes)
    return isinstance(error, OperationFailure) and error.code in TRANSIENT_CODES

"""The three fates of a record that cannot simply be stored: retry, dead letter, stop."""

from enum import StrEnum


class ConsumerError(Exception):
    """The root."""


class RetryLater(ConsumerError):
    """A server is away or slow: the same batch is tried again, for ever."""


class KafkaSilent(RetryLater):
    """No broker answered in time, or not to this."""

    def __init__(self, to_what: str, error: BaseException) -> None:
        super().__init__(f"Kafka does not {to_what} (see KAFKA_BOOTSTRAP_SERVERS): {error}")


class StopConsuming(ConsumerError):
    """Going on would harm; the process ends with this text and a non-zero exit code."""


class Refused(ConsumerError):
    """A guard of a command says no, and why; nothing was changed (exit 2)."""


class Reason(StrEnum):
    """Why a record became a dead letter; the sender reads it as `failureReason`."""

    MALFORMED = "malformed"
    UNKNOWN_CONVERSATION = "unknown_conversation"
    WRONG_TENANT = "wrong_tenant"
    WRONG_PARTITION = "wrong_partition"
    ID_CONFLICT = "id_conflict"
    UNKNOWN_TARGET = "unknown_target"
    REFUSED_BY_DATABASE = "refused_by_database"
    OVERSIZE = "oversize"


CAUSED_BY_CLIENTS = frozenset({Reason.ID_CONFLICT, Reason.UNKNOWN_TARGET})
"""What one client can cause through the API, by an old key or by changes of what never came. Such a
record was understood, so it is no sign of a bad deploy: it ends a run as one that is stored does."""


class Poison(ConsumerError):
    """Trying this record again cannot help: it becomes a dead letter with this reason."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text

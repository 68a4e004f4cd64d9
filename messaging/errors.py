"""What can go wrong in messaging beyond a bad request: one class, one sentence each."""

from chat_project.api.errors import ApiError, PayloadTooLarge, RateLimited, Unavailable
from conversations.cache import Limited, Scope
from messaging.deliveries import Reason


class MessagingError(Exception):
    """The root of what is not answered to a client."""


class KafkaAway(MessagingError):
    """No broker answers, or a topic is not as the settings say."""


class AcceptingPaused(MessagingError):
    """This process may not produce now: the topic grows, or has grown (decision 0014)."""


class OutcomeUnknown(Unavailable):
    """503: not acknowledged in time; the message may be stored later, or never."""

    code = "message_outcome_unknown"


def outcome_unknown(message_id: str) -> OutcomeUnknown:
    return OutcomeUnknown(
        "Kafka did not acknowledge the message in time. It may still be stored: ask GET"
        " /api/v1/messages/{messageId}, or send it again with the same idempotency key.",
        details={"messageId": message_id},
    )


def target_unknown(message_id: str) -> OutcomeUnknown:
    """503 of a change whose message may come into the log behind it: it would be of no message."""
    return OutcomeUnknown(
        "Kafka has not acknowledged the message, so nothing of it was changed. Ask GET"
        " /api/v1/messages/{messageId}, or send the message again with the same idempotency key, and"
        " then change it.",
        details={"messageId": message_id},
    )


def rate_limited(limited: Limited) -> RateLimited:
    """The error of a message that its sender, or all of the school together, sent too early."""
    limit, seconds = limited.limit, limited.retry_after_seconds
    do = "repeat" if limit.of_repeats else "send"
    return RateLimited(
        f"{_WHO[limit.scope]} {do} more than {limit.per_second:g} messages a second after a burst"
        f" of {limit.burst}; this one was not sent. Send it again in {seconds} s.",
        retry_after_seconds=seconds,
        details={
            "scope": limit.scope.value,
            "messagesPerSecond": limit.per_second,
            "burst": limit.burst,
            "retryAfterSeconds": seconds,
        },
    )


_WHO = {Scope.SENDER: "You", Scope.TENANT: "All of your school together"}


def change_outcome_unknown(message_id: str | None) -> Unavailable:
    """503 of a change that may still be applied; of a read position there is no message."""
    return Unavailable(
        "Kafka did not acknowledge the change in time. It may still be applied: send it again,"
        " which does no harm.",
        code="change_outcome_unknown",
        details=_details(message_id),
    )


def not_sent(message_id: str | None, reason: Reason) -> ApiError:
    """The error of what is definitely not in Kafka: a message, a change of one, or of none."""
    details = _details(message_id)
    if reason is Reason.TOO_LARGE:
        text = "The message is larger than Kafka's topic allows; it was not sent. Shorten it."
        return PayloadTooLarge(text, code=reason.value, details=details)
    return Unavailable(_NOT_SENT[reason], code=reason.value, details=details)


_NOT_SENT = {
    Reason.KAFKA_UNAVAILABLE: "Kafka does not answer; the message was not sent. Send it again.",
    Reason.QUEUE_FULL: "Too many messages wait for Kafka; this one was not sent. Send it again.",
    Reason.NOT_AUTHORIZED: "Kafka does not let this service write; the message was not sent.",
    Reason.REJECTED: "Kafka refuses the record; the message was not sent.",
    Reason.ACCEPTING_PAUSED: "Sending is paused for maintenance; the message was not sent. Send it"
    " again with the same idempotency key.",
    Reason.PARTITIONS_DIFFER: "The topic has grown, and this server still runs with the old number"
    " of partitions (KAFKA_PARTITIONS); the message was not sent. Send it again.",
}


def _details(message_id: str | None) -> dict[str, str] | None:
    return None if message_id is None else {"messageId": message_id}

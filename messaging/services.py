"""Sending messages: check, admit, publish; the answer waits for Kafka's acknowledgement."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import pymongo
from msgspec.structs import replace
from pymongo.errors import PyMongoError

from chat_project.api.envelope import ErrorBody, Plain, error_body
from chat_project.api.errors import ApiError, RateLimited, Unavailable
from chat_project.api.idempotency import HEADER, check_key
from chat_project.api.tokens import TokenUser
from chat_project.metrics import count_from_zero, messages_sent_total, rate_limited_total
from chat_project.timestamps import now
from conversations.cache import AcceptanceRecord, Scope, forget_record, replace_records
from messaging.admission import admit
from messaging.attachments.form import Form
from messaging.attachments.receiving import DATABASE_SECONDS, draft_of_form, store_file
from messaging.deliveries import Delivered, Delivery, Refused, Unknown
from messaging.drafts import Admitted, Draft, draft_of, event_of, sending_dto
from messaging.errors import OutcomeUnknown, not_sent, outcome_unknown
from messaging.events import encode_message_sent
from messaging.producer import producer
from messaging.requests import TextRequest
from messaging.serializers import MessageDto

Outcome = MessageDto | ApiError


class BatchOutcome(Plain, frozen=True):
    """What became of one item of a batch: its message, or its error."""

    success: bool
    data: MessageDto | None = None
    error: ErrorBody | None = None


def send_text(user: TokenUser, request: TextRequest, key: str | None) -> MessageDto:
    """Sends one text; `key`: the header Idempotency-Key. Answers once Kafka has acknowledged.

    Blocks at most about 3 s. Raises ApiError, after which nothing was sent, but for
    OutcomeUnknown; and pymongo's errors.
    """
    check_key(key, HEADER)
    (outcome,) = _send(user, [(request, key)])
    if isinstance(outcome, ApiError):
        raise outcome
    return outcome


def send_batch(
    user: TokenUser, requests: Sequence[TextRequest | ApiError], key: str | None
) -> list[BatchOutcome]:
    """Sends texts in their order with one wait for all; one outcome each.

    A key K stands for K/0, K/1, … Raises Unavailable when no text was acknowledged and one of
    them did not get into Kafka, RateLimited when a limit refused every one, each with all
    outcomes in the details; and pymongo's errors.
    """
    check_key(key, HEADER)
    keyed = [
        (request, None if key is None else f"{key}/{index}")
        for index, request in enumerate(requests)
    ]
    outcomes = _send(user, keyed)
    if _is_unavailable(outcomes):
        raise _whole_batch_failed(outcomes)
    if limited := _all_limited(outcomes):
        raise _whole_batch_limited(limited)
    return [_batch_outcome(outcome) for outcome in outcomes]


def send_attachment(user: TokenUser, form: Form, key: str | None) -> MessageDto:
    """Sends one file: admits its message, stores the file, publishes; otherwise as `send_text`.

    The file is stored before the message can be seen, and blocks as long as its storage takes.
    """
    check_key(key, HEADER)
    (outcome,) = _counted(1, lambda: _attachment_outcome(user, form, key))
    if isinstance(outcome, ApiError):
        raise outcome
    return outcome


def _attachment_outcome(user: TokenUser, form: Form, key: str | None) -> list[Outcome]:
    try:
        drafts: list[Draft | ApiError] = [draft_of_form(user, form, key, now=now())]
    except ApiError as error:
        return [error]
    with pymongo.timeout(DATABASE_SECONDS):
        admitted = _go_on(drafts, admit)
    return _go_on(_go_on(admitted, partial(_store, form)), _publish)


def _store(form: Form, admitted: list[Admitted]) -> list[Admitted | ApiError]:
    (one,) = admitted
    try:
        return [store_file(one, form, now=now())]
    except ApiError as error:
        _forget_refused(admitted, 0)
        return [error]
    except PyMongoError:
        _forget_refused(admitted, 0)
        raise


def _send(
    user: TokenUser, requests: Sequence[tuple[TextRequest | ApiError, str | None]]
) -> list[Outcome]:
    def outcomes() -> list[Outcome]:
        drafts = [_draft_or_error(user, request, key) for request, key in requests]
        with pymongo.timeout(DATABASE_SECONDS):
            admitted = _go_on(drafts, admit)
        return _go_on(admitted, _publish)

    return _counted(len(requests), outcomes)


def _counted(requests: int, send: Callable[[], list[Outcome]]) -> list[Outcome]:
    try:
        outcomes = send()
    except PyMongoError:
        messages_sent_total.labels("unavailable").inc(requests)
        raise
    for outcome in outcomes:
        messages_sent_total.labels(_status(outcome)).inc()
    return outcomes


def count_texts_from_zero() -> None:
    """Once in each process of the API, when it starts."""
    count_from_zero(messages_sent_total, ("accepted", "refused", "unavailable"))
    count_from_zero(rate_limited_total, Scope)


Before = TypeVar("Before")
After = TypeVar("After")


def _go_on(
    items: Sequence[Before | ApiError], step: Callable[[list[Before]], list[After | ApiError]]
) -> list[After | ApiError]:
    """Takes what has no error yet through the step; errors keep their places."""
    going = [item for item in items if not isinstance(item, ApiError)]
    results = iter(step(going) if going else [])
    return [item if isinstance(item, ApiError) else next(results) for item in items]


def _draft_or_error(
    user: TokenUser, request: TextRequest | ApiError, key: str | None
) -> Draft | ApiError:
    if isinstance(request, ApiError):
        return request
    try:
        return draft_of(user, request, key, now=now())
    except ApiError as error:
        return error


def _publish(admitted: list[Admitted]) -> list[Outcome]:
    """Equal items under one key are one message: produced once, and each is answered with it."""
    by_id: dict[str, Admitted] = {}
    for each in admitted:
        by_id.setdefault(each.draft.message_id, each)
    firsts, occurred_on = list(by_id.values()), now()
    records = [encode_message_sent(event_of(each), occurred_on=occurred_on) for each in firsts]
    deliveries = producer().send(records, partial(_forget_refused, firsts))
    for index, delivery in enumerate(deliveries):
        if isinstance(delivery, Refused):
            _forget_refused(firsts, index)
    _note_unknown(firsts, deliveries)
    outcomes = dict(zip(by_id, map(_outcome, firsts, deliveries), strict=True))
    return [outcomes[each.draft.message_id] for each in admitted]


def _note_unknown(sent: Sequence[Admitted], deliveries: Sequence[Delivery]) -> None:
    """In the records, for changes of these messages: which may come into the log behind them. One
    that an earlier attempt left unknown is known once any attempt is acknowledged."""
    noted: dict[str, AcceptanceRecord] = {}
    for one, delivery in zip(sent, deliveries, strict=True):
        is_unknown = isinstance(delivery, Unknown)
        if one.record is None or isinstance(delivery, Refused):
            continue
        if one.record.is_unknown is not is_unknown:
            noted[one.draft.message_id] = replace(one.record, is_unknown=is_unknown)
    replace_records(noted)


def _forget_refused(admitted: Sequence[Admitted], index: int) -> None:
    if admitted[index].created_record:
        forget_record(admitted[index].draft.message_id)


def _outcome(admitted: Admitted, delivery: Delivery) -> Outcome:
    if isinstance(delivery, Delivered):
        return sending_dto(admitted)
    if isinstance(delivery, Refused):
        return not_sent(admitted.draft.message_id, delivery.reason)
    return outcome_unknown(admitted.draft.message_id)


def _status(outcome: Outcome) -> str:
    if isinstance(outcome, MessageDto):
        return "accepted"
    return "unavailable" if isinstance(outcome, Unavailable) else "refused"


def _is_unavailable(outcomes: Sequence[Outcome]) -> bool:
    statuses = {_status(outcome) for outcome in outcomes}
    return "accepted" not in statuses and "unavailable" in statuses


def _whole_batch_failed(outcomes: Sequence[Outcome]) -> Unavailable:
    """Unknown as a whole if one item is: only then may something be stored later."""
    failures = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
    unknown = [failure for failure in failures if isinstance(failure, OutcomeUnknown)]
    return Unavailable(
        "No message of the batch was acknowledged; details.outcomes tells of each item.",
        code=(unknown or failures)[0].code,
        details={"outcomes": [_batch_outcome(outcome) for outcome in outcomes]},
    )


def _all_limited(outcomes: Sequence[Outcome]) -> list[RateLimited]:
    """All of them, or none."""
    limited = [outcome for outcome in outcomes if isinstance(outcome, RateLimited)]
    return limited if len(limited) == len(outcomes) else []


def _whole_batch_limited(outcomes: Sequence[RateLimited]) -> RateLimited:
    """Retry-After is the longest: then the whole batch fits, if it is no larger than a burst."""
    last = max(outcomes, key=lambda each: each.retry_after_seconds)
    return RateLimited(
        "No message of the batch was sent: they are too many for now. details.outcomes tells of"
        f" each item. Send the batch again in {last.retry_after_seconds} s.",
        retry_after_seconds=last.retry_after_seconds,
        details={**(last.details or {}), "outcomes": [_batch_outcome(each) for each in outcomes]},
    )


def _batch_outcome(outcome: Outcome) -> BatchOutcome:
    if isinstance(outcome, MessageDto):
        return BatchOutcome(success=True, data=outcome)
    return BatchOutcome(success=False, error=error_body(outcome))

"""Who may send what where: one look-up for all drafts of a request (design section 4)."""

from collections.abc import Iterable, Mapping, Sequence

from pymongo.errors import PyMongoError

from chat_project.api.errors import ApiError, InvalidRequest, Unprocessable
from chat_project.metrics import rate_limited_total
from conversations.cache import Found, Lookup, forget_records, limits_of, look_up
from conversations.policies import may_send
from messaging.drafts import Admitted, Draft
from messaging.errors import rate_limited
from messaging.selectors import QuotedMessage, quoted_messages
from messaging.serializers import QuoteDto


def admit(drafts: Sequence[Draft]) -> list[Admitted | ApiError]:
    """One Redis round trip, and one MongoDB query if there are replies; one outcome per draft.

    The drafts are one sender's, and count against its limits in their order, also when they are
    refused for another reason; one that was admitted before counts against those of repeats.
    Leaves an acceptance record for every admitted draft, unless Redis is away. The first of two
    drafts with one id decides what is sent under it. Raises pymongo's errors.
    """
    sender = drafts[0].record
    found = look_up(
        [
            Lookup(
                draft.record.conversation_id, draft.record.sender_id, draft.message_id, draft.record
            )
            for draft in drafts
        ],
        limits_of(sender.tenant_id, sender.sender_id),
    )
    created = [
        draft.message_id for draft, its in zip(drafts, found, strict=True) if its.created_record
    ]
    try:
        outcomes = _judge_all(drafts, found)
    except PyMongoError:
        forget_all(created)
        raise
    forget_all(
        draft.message_id
        for draft, its, outcome in zip(drafts, found, outcomes, strict=True)
        if its.created_record and isinstance(outcome, ApiError)
    )
    return outcomes


def forget_all(message_ids: Iterable[str]) -> None:
    """Removes acceptance records in one round trip; only for the request that created them."""
    forget_records(list(message_ids))


def _judge_all(drafts: Sequence[Draft], found: Sequence[Found]) -> list[Admitted | ApiError]:
    refusals = [_refusal(draft, its) for draft, its in zip(drafts, found, strict=True)]
    quoted = quoted_messages(
        {
            draft.reply_to_message_id
            for draft, refusal in zip(drafts, refusals, strict=True)
            if draft.reply_to_message_id and refusal is None
        }
    )
    fingerprints: dict[str, str] = {}
    outcomes: list[Admitted | ApiError] = []
    for draft, its, refusal in zip(drafts, found, refusals, strict=True):
        try:
            outcomes.append(refusal or _admitted(draft, its, quoted, fingerprints))
        except ApiError as error:
            outcomes.append(error)
    return outcomes


def _refusal(draft: Draft, found: Found) -> ApiError | None:
    if found.limited is not None:
        rate_limited_total.labels(found.limited.limit.scope).inc()
        return rate_limited(found.limited)
    return may_send(draft.record.tenant_id, found.settings, found.membership)


def _admitted(
    draft: Draft,
    found: Found,
    quoted: Mapping[str, QuotedMessage],
    fingerprints: dict[str, str],
) -> Admitted:
    """Raises InvalidRequest for a reply across conversations, Unprocessable for a reused key.

    `fingerprints`: by message id, of this request's earlier drafts; for when Redis is away.
    """
    quote = _quote(draft, quoted)
    record = found.record or draft.record
    first = fingerprints.setdefault(draft.message_id, record.fingerprint)
    if first != draft.record.fingerprint:
        raise Unprocessable(
            "The idempotency key was already used for another message: use a new key",
            details={"messageId": draft.message_id},
        )
    return Admitted(
        draft=draft,
        sender_name=found.membership.user_name or draft.sender_name,
        sent_at=record.sent_at,
        quote=quote,
        record=found.record,
        created_record=found.created_record,
    )


def _quote(draft: Draft, quoted: Mapping[str, QuotedMessage]) -> QuoteDto | None:
    """What is known of the message that is answered; nothing of another tenant is."""
    reply_to = draft.reply_to_message_id
    if reply_to is None:
        return None
    original = quoted.get(reply_to)
    if original is None or original.tenant_id != draft.record.tenant_id:
        return QuoteDto(message_id=reply_to)
    if original.conversation_id != draft.record.conversation_id:
        raise InvalidRequest(
            "replyToMessageId is a message of another conversation",
            code="reply_to_other_conversation",
            details={"field": "replyToMessageId"},
        )
    return QuoteDto(message_id=reply_to, content=original.content, sender_name=original.sender_name)

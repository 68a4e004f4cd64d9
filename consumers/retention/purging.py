"""Purges the conversations of a school: from the oldest number on, as far as all are old enough.

Safe beside consumers, beside another run, and again after it broke off.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from itertools import takewhile

import msgspec

from chat_project.mongodb import Document, majority_collection
from consumers.attempts import attempt, patiently
from consumers.audit.parsing import place_in, whole_number
from consumers.retention.horizon import Horizon
from consumers.retention.removing import remove
from consumers.tenants import conversation_batches

MESSAGES_AT_ONCE = 500

_HEAD_FIELDS = dict.fromkeys(("lastSeq", "purgedSeq", "isHeld"), 1)
_FIELDS = dict.fromkeys(
    (
        *("seq", "sentAt", "attachments.attachmentId"),
        *(f"{name}.{part}" for name in ("src", "rev") for part in ("t", "p", "o")),
    ),
    1,
)


class Purged(msgspec.Struct, rename="camel", kw_only=True):
    """What went, or would go. `waiting`: conversations that keep messages which are old enough,
    because the log still holds the record of one; `held`: those that are held back, from the
    beginning or by now."""

    tenant_id: str
    before: datetime
    conversations: int = 0
    messages: int = 0
    files: int = 0
    waiting: int = 0
    held: int = 0


def purge_tenant(
    tenant_id: str,
    before: datetime,
    horizon: Horizon,
    *,
    dry_run: bool,
    by: str,
    on_conversations: Callable[[int], object],
) -> Purged:
    """Removes what was sent before that time; `dry_run` only counts. `by`: who wants it.

    `on_conversations` hears how many were looked at. Raises RetryLater, StopConsuming and
    StorageUnavailable: what is removed by then stays so.
    """
    purged = Purged(tenant_id=tenant_id, before=before)
    for batch in conversation_batches(tenant_id, _HEAD_FIELDS):
        for head in batch:
            if head.get("isHeld"):
                purged.held += 1
            else:
                _purge(head, before, horizon, purged, dry_run=dry_run, by=by)
        on_conversations(len(batch))
    return purged


def _purge(
    head: Document, before: datetime, horizon: Horizon, purged: Purged, *, dry_run: bool, by: str
) -> None:
    conversation_id, border = head["_id"], whole_number(head.get("purgedSeq")) or 0
    may_go = partial(
        _may_go,
        before=before,
        horizon=horizon,
        border=border,
        last_seq=whole_number(head.get("lastSeq")) or 0,
    )
    has_gone = False
    for oldest in _oldest_first(conversation_id):
        gone = list(takewhile(may_go, oldest))
        if gone:
            files = _count_files(gone) if dry_run else remove(conversation_id, gone, by=by)
            if files is None:
                purged.held += 1
                break
            has_gone = True
            purged.messages += len(gone)
            purged.files += files
        if len(gone) < len(oldest):
            purged.waiting += _is_old(oldest[len(gone)], before)
            break
    purged.conversations += has_gone


def _count_files(gone: Sequence[Document]) -> int:
    return sum(len(each.get("attachments", ())) for each in gone)


def _oldest_first(conversation_id: str) -> Iterator[list[Document]]:
    """The first message alone, for most conversations have nothing to purge; then some hundred at a
    time, each batch behind the one before."""
    last, size = 0, 1
    while oldest := patiently(partial(_read, conversation_id, last, size)):
        yield oldest
        last, size = oldest[-1]["seq"], MESSAGES_AT_ONCE


def _read(conversation_id: str, last: int, size: int) -> list[Document]:
    query = {"conversationId": conversation_id, "seq": {"$gt": last}}
    with attempt():
        found = majority_collection("messages").find(query, _FIELDS)
        return list(found.sort("seq", 1).limit(size))


def _may_go(
    message: Document, *, before: datetime, horizon: Horizon, border: int, last_seq: int
) -> bool:
    """What lies below the border was being purged when a run broke off."""
    if message["seq"] <= border:
        return True
    places = (place_in(message.get("src")), place_in(message.get("rev")))
    has_expired = all(horizon.has_passed(place) for place in places)
    return message["seq"] <= last_seq and _is_old(message, before) and has_expired


def _is_old(message: Document, before: datetime) -> bool:
    sent_at = message.get("sentAt")
    return isinstance(sent_at, datetime) and sent_at < before

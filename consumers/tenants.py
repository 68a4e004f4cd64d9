"""What a school has, some of it at a time: for commands that have to look at everything.

Each part is a query of its own, so that a run may take as long as it does.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import msgspec

from chat_project.mongodb import Document, majority_collection
from consumers.attempts import attempt, patiently
from conversations.values import ConversationType

CONVERSATIONS_AT_ONCE = 200
MESSAGES_AT_ONCE = 500
NUMBERS_AT_ONCE = 100_000
"""Messages that one query looks at: what it looks for may be rare."""
ALL = 2**62
INDEX = "tenant_type"


class Subject(msgspec.Struct, frozen=True):
    """A person of a school."""

    tenant_id: str
    user_id: str


def count_conversations(tenant_id: str) -> int:
    """Blocks for a count over the index. Raises RetryLater, StopConsuming."""
    with attempt():
        return majority_collection("conversations").count_documents(
            {"tenantId": tenant_id}, hint=INDEX
        )


def conversation_batches(
    tenant_id: str, fields: Document, *, size: int = CONVERSATIONS_AT_ONCE
) -> Iterator[list[Document]]:
    """By type, in the order of their ids; one that is founded meanwhile may be missing.

    Raises RetryLater, StopConsuming.
    """
    for kind in ConversationType:
        last = ""
        while found := patiently(partial(_read_conversations, tenant_id, kind, last, fields, size)):
            yield found
            last = found[-1]["_id"]


def messages_in(
    conversation_ids: Sequence[str],
    condition: Document,
    fields: Document | None = None,
    *,
    up_to: int = ALL,
) -> Iterator[Document]:
    """Those that match, conversation by conversation in the order of their numbers, up to this one;
    some hundred are in memory. What comes meanwhile is left out. Raises RetryLater, StopConsuming."""
    for conversation_id in conversation_ids:
        last, end = 0, patiently(partial(_greatest_number, conversation_id, up_to))
        while last < end:
            border = min(last + NUMBERS_AT_ONCE, end)
            within = {"conversationId": conversation_id, "seq": {"$gt": last, "$lte": border}}
            found = patiently(partial(_read_messages, {**within, **condition}, fields))
            yield from found
            last = found[-1]["seq"] if len(found) == MESSAGES_AT_ONCE else border


def _greatest_number(conversation_id: str, up_to: int) -> int:
    query = {"conversationId": conversation_id, "seq": {"$lte": up_to}}
    with attempt():
        found = majority_collection("messages").find_one(query, {"seq": 1}, sort=[("seq", -1)])
    return found["seq"] if found else 0


def _read_messages(query: Document, fields: Document | None) -> list[Document]:
    chosen = None if fields is None else {**fields, "seq": 1}
    with attempt():
        found = majority_collection("messages").find(query, chosen).sort("seq", 1)
        return list(found.limit(MESSAGES_AT_ONCE))


def _read_conversations(
    tenant_id: str, kind: ConversationType, last: str, fields: Document, size: int
) -> list[Document]:
    query = {"tenantId": tenant_id, "type": kind.value, "_id": {"$gt": last}}
    with attempt():
        found = majority_collection("conversations").find(query, fields, hint=INDEX)
        return list(found.sort("_id", 1).limit(size))

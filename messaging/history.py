"""A conversation's history, newest first, page by page (contract section 5)."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from mongoengine import QuerySet
from msgspec import UNSET, UnsetType

from chat_project.api.envelope import Plain
from chat_project.api.errors import InvalidRequest
from chat_project.api.paging import MAX_PAGE_SIZE
from chat_project.api.query import integer, timestamp
from chat_project.api.tokens import TokenUser
from chat_project.mongodb import Document
from chat_project.timestamps import format_timestamp
from conversations.selectors import purged_seq
from messaging.documents import Message
from messaging.receipts import messages_as_answered
from messaging.selectors import MAJORITY, check_readable
from messaging.serializers import MessageDto

DEFAULT_PAGE_SIZE = 50
MAX_EQUAL_TIMES = 1_000
"""How many messages of one time a page may have beyond its size, so that it is not split."""

MAX_SEQ = 2**53

CURSORS = ("beforeTimestamp", "beforeSeq", "afterSeq")


class HistoryRequest(msgspec.Struct, frozen=True):
    """Which page; at most one of the three cursors is set."""

    page_size: int = DEFAULT_PAGE_SIZE
    before_timestamp: datetime | None = None
    before_seq: int | None = None
    after_seq: int | None = None


class HistoryPage(Plain, frozen=True, rename="camel"):
    """`has_more`: whether there is more in the cursor's direction. `purged_seq`: messages up to this
    number are kept no longer; absent where the page does not come to them."""

    messages: list[MessageDto]
    has_more: bool
    oldest_message_timestamp: str | None
    purged_seq: int | UnsetType = UNSET


def history_request(given: Mapping[str, str]) -> HistoryRequest:
    """Reads the query (names in lower case; empty is absent). Raises InvalidRequest."""
    present = [name for name in CURSORS if given.get(name.lower(), "").strip()]
    if len(present) > 1:
        raise InvalidRequest(
            f"{' and '.join(present)} exclude each other: give one of {', '.join(CURSORS)}",
            code="cursors_exclude_each_other",
            details={"field": present[1]},
        )
    return HistoryRequest(
        page_size=integer(
            given, "pageSize", default=DEFAULT_PAGE_SIZE, minimum=1, maximum=MAX_PAGE_SIZE
        ),
        before_timestamp=timestamp(given, "beforeTimestamp"),
        before_seq=_seq(given, "beforeSeq") if "beforeSeq" in present else None,
        after_seq=_seq(given, "afterSeq") if "afterSeq" in present else None,
    )


def history(user: TokenUser, conversation_id: str, asked: HistoryRequest) -> HistoryPage:
    """One Redis round trip, a query for the messages and one for who has read them; a third one
    where equal times would be split, and where the first numbers are missing.

    Raises NotFound or Forbidden. An archived conversation can be read.
    """
    check_readable(user, conversation_id)
    if asked.after_seq is not None:
        documents, has_more = _after_seq(conversation_id, asked.after_seq, asked.page_size)
    elif asked.before_seq is not None:
        documents, has_more = _before_seq(conversation_id, asked.before_seq, asked.page_size)
    else:
        documents, has_more = _by_time(conversation_id, asked.before_timestamp, asked.page_size)
    times = [document["sentAt"] for document in documents]
    return HistoryPage(
        messages=messages_as_answered(documents),
        has_more=has_more,
        oldest_message_timestamp=format_timestamp(min(times)) if times else None,
        purged_seq=UNSET
        if _is_whole(documents, asked, has_more=has_more)
        else purged_seq(conversation_id) or UNSET,
    )


def _is_whole(documents: list[Document], asked: HistoryRequest, *, has_more: bool) -> bool:
    """Whether no number is missing where the page comes to the beginning: numbers have no gaps."""
    if asked.after_seq is None and has_more:
        return True
    lowest = min((document["seq"] for document in documents), default=None)
    return lowest is not None and lowest <= (asked.after_seq or 0) + 1


def _after_seq(conversation_id: str, seq: int, size: int) -> tuple[list[Document], bool]:
    """The next ones after it, turned round: every page is answered newest first."""
    query = _messages(conversation_id, seq__gt=seq).order_by("seq")
    documents = list(query.limit(size + 1))
    return documents[:size][::-1], len(documents) > size


def _before_seq(conversation_id: str, seq: int, size: int) -> tuple[list[Document], bool]:
    query = _messages(conversation_id, seq__lt=seq).order_by("-seq")
    documents = list(query.limit(size + 1))
    return documents[:size], len(documents) > size


def _by_time(
    conversation_id: str, before: datetime | None, size: int
) -> tuple[list[Document], bool]:
    older = {} if before is None else {"sent_at__lt": before}
    query = _messages(conversation_id, **older).order_by("-sent_at", "-seq")
    documents = list(query.limit(size + 1))
    page, rest = documents[:size], documents[size:]
    if not rest or rest[0]["sentAt"] < page[-1]["sentAt"]:
        return page, bool(rest)
    return _with_equal_times(conversation_id, page)


def _with_equal_times(conversation_id: str, page: list[Document]) -> tuple[list[Document], bool]:
    """The page with all messages of its last time; beyond the limit only `beforeSeq` helps."""
    last = page[-1]["sentAt"]
    newer = [document for document in page if document["sentAt"] > last]
    allowed = len(page) - len(newer) + MAX_EQUAL_TIMES
    query = _messages(conversation_id, sent_at__lte=last).order_by("-sent_at", "-seq")
    documents = list(query.limit(allowed + 1))
    equal = [document for document in documents[:allowed] if document["sentAt"] == last]
    return newer + equal, len(documents) > len(equal)


def _messages(conversation_id: str, **conditions: object) -> "QuerySet[Message]":
    found = Message.objects(conversation_id=conversation_id, **conditions)
    return found.read_concern(MAJORITY).as_pymongo()


def _seq(given: Mapping[str, str], name: str) -> int:
    return integer(given, name, default=0, minimum=0, maximum=MAX_SEQ)

"""From one page to the next; pure, for both clients."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from emis_chat_client.call import Call
from emis_chat_client.models import History, Message

T = TypeVar("T", covariant=True)

MAX_SEQ = 2**53
"""No message has a greater number."""


class Page(Protocol[T]):
    """What every list but the history answers."""

    @property
    def items(self) -> Sequence[T]: ...
    @property
    def page(self) -> int: ...
    @property
    def has_next_page(self) -> bool: ...


P = TypeVar("P", bound=Page[object])


def next_page(call: Call[P], page: P) -> Call[P] | None:
    """The call of the page after this one; None after the last."""
    if not page.has_next_page:
        return None
    return replace(call, query={**call.query, "pageNumber": page.page + 1})


def first_part(call: Call[History]) -> Call[History]:
    """Without a cursor, the newest by number: later parts go by number too."""
    if any(call.query.get(name) is not None for name in ("afterSeq", "beforeTimestamp")):
        return call
    return replace(call, query={"beforeSeq": MAX_SEQ, **call.query})


def messages_of(call: Call[History], part: History) -> Sequence[Message]:
    """Newest first; from `afterSeq` on oldest first, so that the order goes on over the parts."""
    return part.messages[::-1] if "afterSeq" in call.query else part.messages


def next_part(call: Call[History], part: History) -> Call[History] | None:
    """The call of what comes next in the cursor's direction; None when there is no more."""
    numbers = [message.seq for message in part.messages if message.seq is not None]
    if not part.has_more or not numbers:
        return None
    if "afterSeq" in call.query:
        cursor: dict[str, object] = {"afterSeq": max(numbers)}
    elif "beforeTimestamp" in call.query:
        cursor = {"beforeTimestamp": part.oldest_message_timestamp}
    else:
        cursor = {"beforeSeq": min(numbers)}
    return replace(call, query={**call.query, **cursor})

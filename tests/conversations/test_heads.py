from datetime import UTC, datetime

import msgspec
import pytest

from chat_project.identifiers import new_id
from chat_project.redis import client
from conversations import cache
from conversations.cache import Head, Mark
from conversations.cache.keys import ttl_seconds
from conversations.values import LastMessage
from tests.conversations.conftest import Count

SENT_AT = datetime(2025, 11, 7, 10, 0, 0, 123_000, UTC)


def head(conversation_id: str, last_seq: int, mark: tuple[int, int, int]) -> Head:
    last_message = LastMessage("m", last_seq, "user-1", "Lê Văn Dũng", "Chào cô", SENT_AT)
    return Head(conversation_id, last_seq, last_message, Mark(*mark))


def cached(conversation_id: str) -> dict[str, object]:
    value: dict[str, object] = msgspec.json.decode(
        client().get(f"conversation:{conversation_id}:head") or b"{}"
    )
    return value


def test_a_batch_of_heads_is_one_round_trip(database: None, round_trips: Count) -> None:
    ids = [new_id() for _ in range(200)]
    round_trips.reset()

    cache.refresh_heads([head(id_, 7, (1, 2, 3)) for id_ in ids])

    assert round_trips.times == 1
    assert cached(ids[-1]) == {
        "lastSeq": 7,
        "lastMessage": {
            "messageId": "m",
            "seq": 7,
            "senderId": "user-1",
            "senderName": "Lê Văn Dũng",
            "content": "Chào cô",
            "sentAt": "2025-11-07T10:00:00.123000Z",
        },
        "mark": {"t": 1, "p": 2, "o": 3},
    }
    assert ttl_seconds() - 5 <= client().ttl(f"conversation:{ids[0]}:head") <= ttl_seconds()


@pytest.mark.parametrize(
    ("mark", "wins"),
    [
        ((2, 5, 100), True),
        ((2, 5, 101), True),
        ((2, 5, 99), False),
        ((2, 6, 1), True),
        ((2, 4, 999), False),
        ((3, 0, 0), True),
        ((1, 9, 999), False),
    ],
    ids=["same", "later", "earlier", "next partition", "partition before", "newer topic", "older"],
)
def test_a_head_never_goes_back(database: None, mark: tuple[int, int, int], wins: bool) -> None:
    conversation_id = new_id()
    cache.refresh_heads([head(conversation_id, 7, (2, 5, 100))])

    cache.refresh_heads([head(conversation_id, 8, mark)])

    assert cached(conversation_id)["lastSeq"] == (8 if wins else 7)


def test_no_head_is_no_round_trip(database: None, round_trips: Count) -> None:
    round_trips.reset()

    cache.refresh_heads([])

    assert round_trips.times == 0


@pytest.mark.parametrize("garbage", [b"{", b"5", b"{}", b"[]"])
def test_what_is_no_head_is_replaced(database: None, garbage: bytes) -> None:
    conversation_id = new_id()
    client().set(f"conversation:{conversation_id}:head", garbage)

    cache.refresh_heads([head(conversation_id, 8, (1, 1, 1))])

    assert cached(conversation_id)["lastSeq"] == 8

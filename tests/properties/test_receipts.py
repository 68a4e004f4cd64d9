"""Receipts of a page, found among the first readers, against their definition for each message."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from messaging.receipts import MAX_READERS, MAX_RECEIPTS, readers_of

READ_AT = datetime(2025, 11, 7, 12, tzinfo=UTC)

positions = st.one_of(
    st.lists(st.integers(0, 12), max_size=12),
    st.builds(
        lambda some, seq, count: some + [seq] * count,
        st.lists(st.integers(0, 12), max_size=12),
        st.integers(0, 12),
        st.sampled_from([MAX_RECEIPTS - 1, MAX_RECEIPTS, MAX_RECEIPTS + 1, MAX_READERS + 3]),
    ),
)


@given(positions, st.integers(1, 12), st.integers(0, 20))
def test_a_message_is_read_by_the_others_whose_position_covers_it(
    read_seqs: list[int], seq: int, sender: int
) -> None:
    participants: list[dict[str, Any]] = [
        {"userId": f"user-{number}", "readSeq": read_seq, "readAt": READ_AT}
        for number, read_seq in enumerate(read_seqs)
    ]
    furthest_first = sorted(participants, key=lambda each: -each["readSeq"])
    message = {"seq": seq, "senderId": f"user-{sender}"}

    read = readers_of(furthest_first[: MAX_READERS + 1]).of(message)

    expected = [
        each["userId"]
        for each in furthest_first
        if each["readSeq"] >= seq and each["userId"] != message["senderId"]
    ]
    assert read.count == min(len(expected), MAX_READERS)
    assert [receipt.user_id for receipt in read.receipts] == expected[:MAX_RECEIPTS]

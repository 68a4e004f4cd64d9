from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.numbering import newest, number


@pytest.mark.parametrize(
    ("last_seq", "ids", "kept", "held", "assigned", "holes", "last"),
    [
        (0, ["a", "b"], {}, (), {"a": 1, "b": 2}, [], 2),
        (7, [], {}, (), {}, [], 7),
        (0, ["a", "b"], {"a": 1}, (), {"a": 1, "b": 2}, [], 2),
        (0, ["a", "b"], {"b": 1}, (), {"a": 2, "b": 1}, [], 2),
        (0, ["a", "b"], {"a": 1, "b": 3}, (), {"a": 1, "b": 3}, [2], 3),
        (0, ["a", "b", "c"], {"a": 1, "c": 3}, (), {"a": 1, "b": 2, "c": 3}, [], 3),
        (4, ["a"], {}, {5}, {"a": 6}, [], 6),
        (0, ["a"], {"of another room": 1}, (), {"a": 1}, [], 1),
    ],
    ids=[
        "new messages follow",
        "nothing to number",
        "a kept number stays and the next follows",
        "a new one never takes a kept number",
        "a number that nobody took is a hole",
        "a new one fills what was free between kept ones",
        "held numbers of other batches are passed over",
        "a number kept in another conversation does not count",
    ],
)
def test_numbers(
    last_seq: int,
    ids: Sequence[str],
    kept: Mapping[str, int],
    held: Sequence[int],
    assigned: Mapping[str, int],
    holes: Sequence[int],
    last: int,
) -> None:
    assert number(last_seq, ids, kept, held) == (assigned, holes, last)


@given(
    last_seq=st.integers(0, 50),
    kinds=st.lists(st.booleans(), max_size=30),
    gaps=st.lists(st.integers(1, 3), min_size=30, max_size=30),
)
def test_new_kept_and_holes_together_leave_no_gap_and_no_repeat(
    last_seq: int, kinds: Sequence[bool], gaps: Sequence[int]
) -> None:
    kept: dict[str, int] = {}
    seq = last_seq
    for index, is_kept in enumerate(kinds):
        if is_kept:
            seq += gaps[index]
            kept[str(index)] = seq

    numbers = number(last_seq, [str(index) for index in range(len(kinds))], kept)

    everything = sorted([*numbers.assigned.values(), *numbers.holes])
    assert everything == list(range(last_seq + 1, numbers.last + 1))
    assert kept.items() <= numbers.assigned.items()


def test_the_last_message_is_the_latest_sent_and_among_equals_the_higher_number() -> None:
    early = {"sentAt": datetime(2025, 1, 1, tzinfo=UTC), "seq": 9}
    late = {"sentAt": datetime(2025, 1, 2, tzinfo=UTC), "seq": 3}
    late_too = {"sentAt": datetime(2025, 1, 2, tzinfo=UTC), "seq": 4}

    assert newest([early, late, late_too, None]) is late_too
    assert newest([None]) is None

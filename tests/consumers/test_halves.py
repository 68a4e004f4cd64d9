import threading
from collections.abc import Sequence

import pymongo
import pytest
from pymongo import _csot

from consumers.halves import LEAST, in_two_halves


def test_few_items_are_written_at_once_and_none_not_at_all() -> None:
    assert in_two_halves(list, range(LEAST - 1)) == [list(range(LEAST - 1))]
    assert in_two_halves(list, []) == []


def test_both_halves_are_on_their_way_together_and_keep_their_order() -> None:
    together = threading.Barrier(2, timeout=5)

    def write(half: Sequence[int]) -> list[int]:
        together.wait()
        return list(half)

    first, second = in_two_halves(write, range(LEAST))

    assert first + second == list(range(LEAST))


@pytest.mark.parametrize("broken", [0, LEAST // 2], ids=["first", "second"])
def test_an_error_of_a_half_is_raised_when_the_other_has_ended(broken: int) -> None:
    ended: list[int] = []

    def write(half: Sequence[int]) -> None:
        if half[0] == broken:
            raise OSError("gone")
        threading.Event().wait(0.05)
        ended.append(half[0])

    with pytest.raises(OSError, match="gone"):
        in_two_halves(write, range(LEAST))
    assert ended == [LEAST // 2 - broken]


def test_the_callers_bound_in_time_holds_for_both() -> None:
    with pymongo.timeout(7.0):
        assert in_two_halves(lambda _half: _csot.get_timeout(), range(LEAST)) == [7.0, 7.0]

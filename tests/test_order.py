from collections import Counter

from tests.order import long_ones_first

TESTS = [
    *(f"tests/api/test_{number}.py::test_it" for number in range(30)),
    *(f"tests/faults/test_short.py::test_it[{number}]" for number in range(5)),
    "tests/test_servers_away.py::test_it",
    *(f"tests/zz/test_{number}.py::test_it" for number in range(4)),
]


def test_each_test_is_there_once_and_long_ones_begin_the_shares() -> None:
    ordered = long_ones_first(TESTS, str, 2)

    assert Counter(ordered) == Counter(TESTS)
    assert ordered[0] == "tests/faults/test_short.py::test_it[0]"
    assert ordered[len(TESTS) // 2] == "tests/test_servers_away.py::test_it"


def test_more_workers_than_tests_lose_none() -> None:
    assert Counter(long_ones_first(TESTS[-6:], str, 8)) == Counter(TESTS[-6:])

"""How rounds are planned, repeated and written down."""

from collections import Counter
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import msgspec
import pytest

from tests.faults import results
from tests.faults.results import Entry
from tests.faults.rows.all import ROWS, WAYS
from tests.faults.runner import CONSUMERS, PROTOCOLS, plans
from tests.faults.seen import NotSeen, seen_until

ENTRY = Entry(
    row="Redis",
    way="gone",
    seed="7/Redis/gone/classic/1/0",
    protocol="classic",
    consumers=1,
    acknowledged=1_000,
    stored=900,
    dead_lettered=50,
    differences=[],
    seconds=5.0,
    repeated=1,
)


def test_each_row_gets_its_rounds_over_all_its_ways_protocols_and_numbers_of_consumers() -> None:
    planned = list(plans(WAYS, rounds=60, seed="1"))

    assert Counter(plan.way.row for plan in planned) == dict.fromkeys(ROWS, 60)
    for row in ROWS:
        own = [plan for plan in planned if plan.way.row == row]
        assert {plan.way for plan in own} == {way for way in WAYS if way.row == row}
        assert len({(plan.protocol, plan.consumers) for plan in own}) == 4
    assert len({plan.seed for plan in planned}) == len(planned)


def test_unless_told_otherwise_each_way_goes_through_all_combinations() -> None:
    planned = list(plans(WAYS, rounds=None, seed="1"))

    met = {(plan.way, plan.protocol, plan.consumers) for plan in planned}
    assert met == set(product(WAYS, PROTOCOLS, CONSUMERS))
    assert min(Counter(plan.way.row for plan in planned).values()) == 20


@pytest.mark.parametrize("protocols", [PROTOCOLS, ["consumer"]], ids=["both", "one"])
def test_a_seed_means_the_same_round_whatever_else_is_chosen(protocols: Sequence[str]) -> None:
    in_full = {plan.seed: plan for plan in plans(WAYS, rounds=None, seed="1")}

    for way in WAYS:
        alone = list(plans([way], rounds=len(protocols) * 2, seed="1", protocols=protocols))
        assert alone == [in_full[plan.seed] for plan in alone]


def test_a_fault_that_is_not_seen_is_told_apart_from_a_difference() -> None:
    with pytest.raises(NotSeen, match="after 0 s still not: it died"):
        seen_until(lambda: False, "it died", seconds=0)


def test_ways_have_names_of_their_own() -> None:
    assert len({(way.row, way.name) for way in WAYS}) == len(WAYS)


def test_the_file_grows_and_a_round_that_is_run_again_replaces_itself(tmp_path: Path) -> None:
    file = tmp_path / "docs" / "faults.json"
    other = msgspec.structs.replace(ENTRY, seed="7/Redis/gone/classic/1/1")
    better = msgspec.structs.replace(ENTRY, seconds=4.0)

    for entry in (ENTRY, other, better):
        results.add(file, entry)

    assert results.read(file) == [other, better]


def test_a_repeated_round_replaces_what_was_planned_as_the_same(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    repeated = msgspec.structs.replace(ENTRY, seed=f"{ENTRY.seed}/again-1")

    results.add(file, repeated)
    results.add(file, ENTRY)

    assert results.read(file) == [ENTRY]


def test_the_table_sums_rounds_messages_and_differences() -> None:
    other = msgspec.structs.replace(ENTRY, way="hanging", differences=["lost"])

    text = results.table([ENTRY, other], ["Redis"])

    assert text.splitlines()[2] == "| Redis | 2 | 2 | 2 | 2,000 | 1,800 | 100 | 1 |"

"""Runs rounds of ways to fail, repeats those whose fault was not seen, and tells what came out."""

import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from devstack.instance import REPOSITORY
from tests.faults import results
from tests.faults.results import Entry
from tests.faults.round import Round, running_round
from tests.faults.rows.all import WAYS
from tests.faults.rows.kinds import Way
from tests.faults.seen import NotSeen
from tests.faults.servers import ServerPool, Servers

MAX_ATTEMPTS = 4
MIN_ROUNDS = 20
"""Of each row, for the figures in the docs."""
PROTOCOLS = ("classic", "consumer")
CONSUMERS = (1, 3)
EVIDENCE = REPOSITORY / "logs" / "faults"
"""Where a round with differences leaves what its consumers wrote."""


class Plan(NamedTuple):
    """One round to be run."""

    way: Way
    seed: str
    protocol: str
    consumers: int


def plans(
    ways: Sequence[Way],
    *,
    rounds: int | None,
    seed: str,
    protocols: Sequence[str] = PROTOCOLS,
    consumers: Sequence[int] = CONSUMERS,
) -> Iterator[Plan]:
    """`rounds` of each row, over the chosen ways in turn. None: at least 20, and enough that each
    way goes through all combinations of protocol and number of consumers.

    A round's seed tells all of it: whatever else is chosen, it is planned in the same way.
    """
    combinations = [(protocol, count) for count in consumers for protocol in protocols]
    for row in dict.fromkeys(way.row for way in ways):
        own = [way for way in _ways_of(row) if way in ways]
        total = rounds or max(MIN_ROUNDS, len(own) * len(combinations))
        for position, way in enumerate(own):
            first = _ways_of(row).index(way)  # so that a row's single rounds are mixed too
            for repetition in range(-(-(total - position) // len(own))):
                protocol, count = combinations[(repetition + first) % len(combinations)]
                number = repetition // len(combinations)
                name = f"{seed}/{row}/{way.name}/{protocol}/{count}/{number}"
                yield Plan(way, name, protocol, count)


def _ways_of(row: str) -> list[Way]:
    """All that there are; those that need the same servers follow each other."""
    return sorted((way for way in WAYS if way.row == row), key=lambda way: way.need)


def run(planned: Sequence[Plan], *, file: Path | None) -> list[Entry]:
    """Runs them one after the other on servers of their own; tells each on standard error."""
    pool, entries = ServerPool(), []
    try:
        for number, plan in enumerate(planned, 1):
            entry = run_round(pool.get(plan.way.need), plan)
            _report(f"[{number}/{len(planned)}] {_described(entry)}")
            entries.append(entry)
            if file is not None:
                results.add(file, entry)
    finally:
        pool.close()
    return entries


def run_round(servers: Servers, plan: Plan) -> Entry:
    """Up to four attempts, because a round counts only if its fault was seen to happen."""
    for attempt in range(MAX_ATTEMPTS):
        seed = plan.seed if not attempt else f"{plan.seed}{results.AGAIN}{attempt}"
        try:
            return _attempt(servers, plan, seed, repeated=attempt)
        except NotSeen as reason:
            _report(f"not seen, so repeated: {seed}: {reason}")
    return _entry(plan, plan.seed, MAX_ATTEMPTS, ["the fault was never seen to happen"])


def _attempt(servers: Servers, plan: Plan, seed: str, *, repeated: int) -> Entry:
    began = time.monotonic()
    with running_round(servers, seed=seed, protocol=plan.protocol, consumers=plan.consumers) as one:
        try:
            plan.way.fault(one)
            servers.mend()
            one.settle()
            counted = one.recount()
        except NotSeen:
            raise
        except Exception:
            _keep_evidence(one, traceback.format_exc())
            return _entry(plan, seed, repeated, [f"the round broke: {traceback.format_exc(-1)}"])
        if counted.differences:
            _keep_evidence(one, "\n".join(counted.differences))
        return Entry(
            row=plan.way.row,
            way=plan.way.name,
            seed=seed,
            protocol=plan.protocol,
            consumers=plan.consumers,
            acknowledged=counted.acknowledged,
            stored=counted.stored,
            dead_lettered=counted.dead_lettered,
            differences=counted.differences,
            seconds=round(time.monotonic() - began, 1),
            repeated=repeated,
        )


def _entry(plan: Plan, seed: str, repeated: int, differences: list[str]) -> Entry:
    """Of a round that came to no recount."""
    return Entry(
        plan.way.row,
        plan.way.name,
        seed,
        plan.protocol,
        plan.consumers,
        acknowledged=0,
        stored=0,
        dead_lettered=0,
        differences=differences,
        seconds=0.0,
        repeated=repeated,
    )


def _keep_evidence(one: Round, text: str) -> None:
    EVIDENCE.mkdir(parents=True, exist_ok=True)
    path = EVIDENCE / f"{one.seed.replace('/', '-').replace(' ', '_')}.log"
    path.write_text(f"{one.seed}\n{text}\n{one.outputs()}")
    _report(f"evidence: {path}")


def _described(entry: Entry) -> str:
    outcome = f"{len(entry.differences)} DIFFERENCES" if entry.differences else "as it should be"
    return (
        f"{entry.seed}: {entry.acknowledged} acknowledged, {entry.stored} stored,"
        f" {entry.dead_lettered} dead letters: {outcome} ({entry.seconds} s)"
    )


def _report(line: str) -> None:
    print(f"faults: {line}", file=sys.stderr, flush=True)  # noqa: T201  # a command line runner

"""A schedule is run: each process has its turns, and then the rest of the log comes."""

from collections import Counter
from collections.abc import Callable, Sequence

from consumers.handler import ChatHandler
from consumers.loop import Batch
from consumers.records import Record
from tests.properties.checks import Store, assert_covered_is_accounted_for
from tests.properties.choices import PARTITIONS, PROCESSES, Action
from tests.properties.processes import ConsumerProcess, Fate
from tests.properties.scenarios import Scenario


def run(
    scenario: Scenario,
    schedule: Sequence[Action],
    store: Store,
    check_end: Callable[[Scenario, Store], None],
) -> None:
    """Runs the schedule, then a calm process to the end of the log, then those that stood still.

    Whatever a mark or a committed offset covers is accounted for at every moment.
    """
    committed: Counter[int] = Counter()
    processes = [ConsumerProcess(scenario.new_handler) for _ in range(PROCESSES)]
    try:
        for action in schedule:
            process = processes[action.process]
            if not process.is_busy:
                _begin(process, scenario, action, committed)
            for step in range(action.steps):
                if process.is_busy:
                    process.go_on(action.fate if step == action.steps - 1 else Fate.DONE)
            assert_covered_is_accounted_for(scenario, store, committed)
        rest = [each for part, log in enumerate(scenario.log) for each in log[committed[part] :]]
        scenario.new_handler().apply(Batch(rest, received_at=0.0))
        check_end(scenario, store)
        for process in processes:
            process.finish()
        check_end(scenario, store)
    finally:
        for process in processes:
            process.kill()


def _begin(
    process: ConsumerProcess, scenario: Scenario, action: Action, committed: Counter[int]
) -> None:
    """A batch of one partition, or (the last value) of all."""
    batch: list[Record] = []
    ends: dict[int, int] = {}
    for partition, log in enumerate(scenario.log):
        if action.partition in {partition, PARTITIONS}:
            start = max(0, committed[partition] - action.rewind)
            batch += log[start : start + action.length]
            ends[partition] = min(len(log), start + action.length)

    def work(handler: ChatHandler) -> None:
        handler.apply(Batch(batch, received_at=0.0))
        for partition, end in ends.items():
            committed[partition] = max(committed[partition], end)

    process.begin(work, backwards=action.backwards)

"""A consumer that stands still in a step, longer than its session, and wakes up in the past."""

import signal

from tests.faults.crash import Action, Step
from tests.faults.round import SMALL_BATCHES, Round
from tests.faults.rows.kinds import Fault, Way
from tests.faults.seen import seen_until
from tests.waiting import wait_until

ROW = "zombie"
ATTEMPT_SECONDS = 300.0
"""Longer than any sleep: the zombie goes on with what it had read."""
STEPS = (
    Step.READ_HEADS,
    Step.READ_IDS,
    Step.INSERT,
    Step.OUTCOMES,
    Step.UPDATE_HEADS,
    Step.STORE,
)


def woken_after(step: Step) -> Fault:
    """It wakes up when another one has done all."""

    def fault(one: Round) -> None:
        one.load.send(200)
        zombie = one.consume_until(
            step, Action.STOP, count=one.dice.randint(1, 3), attempt_seconds=ATTEMPT_SECONDS
        )
        others = one.consume(*SMALL_BATCHES, count=one.consumers - 1)
        with one.load.traffic():
            seen_until(lambda: zombie.trapped, f"it stands still after {step}")
            others += one.consume(*SMALL_BATCHES)
            names = {other.client_id for other in others}
            seen_until(lambda: one.member_names() == names, "it lost its partitions")
            stored = one.count_stored()
            wait_until(lambda: one.count_stored() > stored + 50, "the new owner works")
        # Only now, because later messages would mend the heads that it turns back.
        wait_until(lambda: one.lag() == 0, "the new owner has done all", seconds=60)
        zombie.signal(signal.SIGCONT)
        names.add(zombie.client_id)
        wait_until(lambda: one.member_names() == names, "it came back", seconds=60)

    return fault


WAYS = [Way(ROW, f"after {step}", woken_after(step)) for step in STEPS]

"""kill -9 of a consumer after each step of the algorithm."""

import signal

from tests.faults.crash import ROSTER, WRITES, Action, Step
from tests.faults.round import SMALL_BATCHES, Round
from tests.faults.rows.kinds import Fault, Way
from tests.faults.seen import require, seen_until

ROW = "kill -9"


def killed(step: Step, action: Action) -> Fault:
    """It dies after the step, or after half of it, at its first to third time."""

    def fault(one: Round) -> None:
        one.load.send(200)
        victim = one.consume_until(step, action, count=one.dice.randint(1, 3))
        one.consume(*SMALL_BATCHES, count=one.consumers - 1)
        with one.load.traffic():
            seen_until(lambda: not victim.is_alive, "the victim died")
            one.consume()
        require(victim.trapped == step, f"it died before {step}")
        require(victim.process.popen.returncode == -signal.SIGKILL, "it ended by itself")
        one.load.send(50)

    return fault


WAYS = [
    *(Way(ROW, f"after {step}", killed(step, Action.KILL)) for step in Step if step not in ROSTER),
    *(Way(ROW, f"after half of {step}", killed(step, Action.HALF)) for step in WRITES),
]

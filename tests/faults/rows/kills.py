"""kill -9 of a consumer after each step of the algorithm."""

import signal

from tests.faults.crash import WRITES, Action, Step
from tests.faults.round import SMALL_BATCHES, Round
from tests.faults.rows.kinds import Fault, Way
from tests.faults.seen import require, seen_until

ROW = "kill -9"


def _killed(step: Step, action: Action) -> Fault:
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
    *(Way(ROW, f"after {step}", _killed(step, Action.KILL)) for step in Step),
    *(Way(ROW, f"after half of {step}", _killed(step, Action.HALF)) for step in WRITES),
]

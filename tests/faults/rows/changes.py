"""Edits, deletions, reactions and read positions, while consumers die, wake up late and start over."""

from collections.abc import Callable

from tests.faults.crash import Action, Step
from tests.faults.round import Round
from tests.faults.rows import kills, replays, zombies
from tests.faults.rows.kinds import Fault, Way

FAVOURED = {
    "edits": ("edit",),
    "deletions": ("delete", "react"),
    "reactions": ("react", "unreact", "pin", "unpin"),
    "read positions": ("read",),
}
"""Rows, and what three of five records of their load are."""


def _favouring(kinds: tuple[str, ...], fault: Callable[[Round], None]) -> Fault:
    def favoured(one: Round) -> None:
        one.load.favour(*kinds)
        fault(one)

    return favoured


def _ways(row: str, kinds: tuple[str, ...]) -> list[Way]:
    step = Step.READ if row == "read positions" else Step.CHANGE
    faults: dict[str, Fault] = {
        f"kill -9 after {step}": kills.killed(step, Action.KILL),
        f"zombie after {step}": zombies.woken_after(step),
        "zombie after read-ids": zombies.woken_after(Step.READ_IDS),
        "offsets to 0": replays.offsets_to_zero,
    }
    if step is Step.CHANGE:
        faults[f"kill -9 after half of {step}"] = kills.killed(step, Action.HALF)
    return [Way(row, name, _favouring(kinds, fault)) for name, fault in faults.items()]


WAYS = [way for row, kinds in FAVOURED.items() for way in _ways(row, kinds)]

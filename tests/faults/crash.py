"""`python -m tests.faults.crash --step STEP --do ACTION … -- consume_messages …`

Runs a command of the product in a process that dies, stops or sleeps at a step of the algorithm
(design section 5). The hooks are set from outside: no product module knows of them.
"""

import argparse
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import django
from django.core.management import execute_from_command_line


class Action(StrEnum):
    """What happens at the step: the process is killed (SIGKILL), is killed after a random half of
    the step's writes, is stopped (SIGSTOP), or sleeps."""

    KILL = "kill"
    HALF = "half"
    STOP = "stop"
    SLEEP = "sleep"


class Step(StrEnum):
    """After which return of the product's functions; the numbers are those of design section 5."""

    DECODE = "decode"  # 1
    READ_HEADS = "read-heads"  # 2
    READ_IDS = "read-ids"  # 3
    ROSTER_FACTS = "roster-facts"  # before 2
    ROSTER_LOOK = "roster-look"
    ROSTER_GROUPS = "roster-groups"
    INSERT = "insert"  # 4
    OUTCOMES = "dead-letter-outcomes"  # 5
    ACKNOWLEDGED = "dead-letters-acknowledged"  # 5
    BURIED = "dead-letters-buried"  # 5
    CHANGE = "apply-changes"  # 6
    READ = "move-positions"  # 6
    UPDATE_HEADS = "update-heads"  # 7
    EFFECTS = "effects"  # 8
    STORE = "store-offsets"  # 9
    COMMIT = "commit"  # 9


ROSTER = (Step.ROSTER_FACTS, Step.ROSTER_LOOK, Step.ROSTER_GROUPS)
"""The steps that only records of the roster come to, before those of the messages."""
WRITES = (Step.INSERT, Step.CHANGE, Step.UPDATE_HEADS)
"""The steps that can be half done: a random half of what is in no order, else the first half."""


class Trap:
    """Counts the calls of a step that have something to do, and acts at the `count`-th."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._step: str = options.step
        self._action = Action(options.do)
        self._left: int = options.count
        self._seconds: float = options.seconds
        self._marker: Path = options.marker
        self._dice = random.Random(options.seed)

    def around(self, function: Callable[..., Any], hook: "Hook") -> Callable[..., Any]:
        """The function, and the action before or behind it."""

        def trapped(*arguments: Any, **named: Any) -> Any:
            is_due = self._is_due(hook, arguments)
            if is_due and self._action is Action.HALF:
                function(self._half(arguments[0], hook))
            if is_due and (hook.is_before or self._action is Action.HALF):
                self._act()
            result = function(*arguments, **named)
            if is_due and not hook.is_before:
                self._act()
            return result

        return trapped

    def _half(self, work: Sequence[Any], hook: "Hook") -> Sequence[Any]:
        if hook.is_ordered:
            return work[: len(work) // 2]
        return [each for each in work if self._dice.random() < 0.5]

    def _is_due(self, hook: "Hook", arguments: Sequence[Any]) -> bool:
        has_work = hook.work is None or len(arguments[hook.work]) > 0
        self._left -= has_work
        return has_work and self._left == 0

    def _act(self) -> None:
        self._marker.write_text(self._step)
        if self._action is Action.SLEEP:
            time.sleep(self._seconds)
            return
        is_stop = self._action is Action.STOP
        os.kill(os.getpid(), signal.SIGSTOP if is_stop else signal.SIGKILL)


class Hook(NamedTuple):
    """Where the caller of a step's function looks it up, and which argument is its work."""

    home: Any
    name: str
    work: int | None
    is_before: bool = False
    is_ordered: bool = False


def set_trap(step: Step, trap: Trap) -> None:
    """Replaces the function of the step."""
    hook = _hooks()[step]
    setattr(hook.home, hook.name, trap.around(getattr(hook.home, hook.name), hook))


def _hooks() -> dict[Step, Hook]:
    from consumers import dead_letters, heads, loop, messages, writer
    from consumers.dead_letter_topic import KafkaDeadLetterTopic
    from consumers.effects import Effects
    from consumers.handler import ChatHandler
    from conversations.services import roster
    from conversations.services.roster import syncing

    return {
        Step.DECODE: Hook(ChatHandler, "_decode", work=1),
        Step.READ_HEADS: Hook(heads, "read_heads", work=0),
        Step.READ_IDS: Hook(messages, "read_stored", work=0),
        Step.ROSTER_FACTS: Hook(roster, "remember", work=0),
        Step.ROSTER_LOOK: Hook(syncing, "read_students", work=0),
        Step.ROSTER_GROUPS: Hook(roster, "sync", work=0),
        Step.INSERT: Hook(messages, "insert", work=0),
        Step.CHANGE: Hook(writer, "apply_changes", work=0, is_ordered=True),
        Step.READ: Hook(writer, "move_positions", work=0),
        Step.OUTCOMES: Hook(KafkaDeadLetterTopic, "produce", work=1, is_before=True),
        Step.ACKNOWLEDGED: Hook(KafkaDeadLetterTopic, "produce", work=1),
        Step.BURIED: Hook(dead_letters, "bury", work=0),
        Step.UPDATE_HEADS: Hook(heads, "update_heads", work=0),
        Step.EFFECTS: Hook(Effects, "after", work=None),
        Step.STORE: Hook(loop, "store", work=1),
        Step.COMMIT: Hook(loop, "commit", work=None),
    }


def lower_max_poll_interval(milliseconds: int) -> None:
    """So that a test need not wait for five minutes."""
    from consumers import client

    settings = client.consumer_settings

    def lowered(*arguments: Any, **named: Any) -> dict[str, Any]:
        return settings(*arguments, **named) | {"max.poll.interval.ms": milliseconds}

    client.consumer_settings = lowered


def lengthen_attempts(seconds: float) -> None:
    """So that a sleeper goes on with what it had read, instead of starting its attempt over."""
    from consumers import attempts

    attempts.ATTEMPT_SECONDS = seconds


def main() -> None:
    options = _parser().parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chat_project.settings.django")
    django.setup()
    set_trap(Step(options.step), Trap(options))
    if options.max_poll_interval_ms:
        lower_max_poll_interval(options.max_poll_interval_ms)
    if options.attempt_seconds:
        lengthen_attempts(options.attempt_seconds)
    execute_from_command_line(["manage.py", *options.command])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.crash", description=__doc__)
    parser.add_argument("--step", choices=list(Step), required=True)
    parser.add_argument("--do", choices=list(Action), default=Action.KILL)
    parser.add_argument("--count", type=int, default=1, help="at which return that had work")
    parser.add_argument("--seconds", type=float, default=0.0, help="of sleep")
    parser.add_argument("--seed", default="", help="which half is done")
    parser.add_argument("--marker", type=Path, required=True, help="file that will name the step")
    parser.add_argument("--max-poll-interval-ms", type=int, default=0)
    parser.add_argument("--attempt-seconds", type=float, default=0.0)
    parser.add_argument("command", nargs="+", help="the product's command and its options")
    return parser


if __name__ == "__main__":
    main()

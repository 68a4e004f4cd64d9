"""Consumer processes as threads of which one runs at a time: the test gives the turn.

A process stops before each of its steps against the database, and each document of a bulk is a
step. The test says how the step ends; so it chooses every interleaving, and can repeat it.
"""

import threading
from collections.abc import Callable, Sequence
from enum import Enum, auto
from queue import SimpleQueue
from typing import Any

from consumers.errors import RetryLater
from consumers.messages import InsertOutcome

TURN_SECONDS = 30.0


class Fate(Enum):
    """How a step against the database ends."""

    DONE = auto()
    CRASH_BEFORE = auto()
    CRASH_AFTER = auto()
    LOST_REPLY = auto()
    """It was done, and the process hears of a timeout."""
    REFUSED = auto()
    """It was not done, and the process hears of a timeout."""


class Killed(BaseException):
    """Ends a process where it stands, as kill -9 does: nothing may catch it."""


class ConsumerProcess:
    """Applies one batch after the other; between two turns it stands still, however long."""

    def __init__(self, new_handler: Callable[[], Any]) -> None:
        self._new_handler = new_handler
        self._handler: Any = None
        self._work: Callable[[Any], None] | None = None
        self._backwards = False
        self._thread: threading.Thread | None = None
        self._turns: SimpleQueue[Fate] = SimpleQueue()
        self._stops: SimpleQueue[bool] = SimpleQueue()
        self._failure: BaseException | None = None

    @property
    def is_busy(self) -> bool:
        return self._thread is not None

    def begin(self, work: Callable[[Any], None], *, backwards: bool) -> None:
        """Starts a batch, and returns when its first step is next.

        A bulk has no order: `backwards`, its last document is written first.
        """
        self._work = work
        self._backwards = backwards
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._wait()

    def go_on(self, fate: Fate) -> None:
        """Does one step; what it failed with, if that was no planned fate, is raised here."""
        self._turns.put(fate)
        self._wait()

    def finish(self) -> None:
        """Lets it run to the end of its batch without trouble."""
        while self.is_busy:
            self.go_on(Fate.DONE)

    def kill(self) -> None:
        if self.is_busy:
            self.go_on(Fate.CRASH_BEFORE)

    def bulk(self, function: Callable[..., Any], documents: Sequence[Any]) -> list[Any]:
        """Each document as a step of its own; what the function gave for each."""
        ordered = reversed(documents) if self._backwards else documents
        return [self.step(function, [document]) for document in ordered]

    def ordered_bulk(self, function: Callable[..., Any], changes: Sequence[Any]) -> dict[Any, Any]:
        """Each change as a step of its own, up to the first that is refused, which it gives."""
        for change in changes:
            refused: dict[Any, Any] = self.step(function, [change])
            if refused:
                return refused
        return {}

    def step(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Called in the process: waits for a turn, then does the step as the turn says."""
        self._stops.put(False)
        fate = self._turns.get(timeout=TURN_SECONDS)
        if fate is Fate.CRASH_BEFORE:
            raise Killed
        if fate is Fate.REFUSED:
            raise RetryLater("not done")
        result = function(*arguments)
        if fate is Fate.CRASH_AFTER:
            raise Killed
        if fate is Fate.LOST_REPLY:
            raise RetryLater("done, but nobody knows")
        return result

    def _run(self) -> None:
        _here.process = self
        try:
            self._handler = self._handler or self._new_handler()
            self._work_until_done()
        except Killed:
            self._handler = None  # whoever comes next begins with an empty memory
        except BaseException as error:
            self._failure = error
        self._stops.put(True)

    def _work_until_done(self) -> None:
        """As the loop does: the same batch again after trouble."""
        assert self._work is not None
        while True:
            try:
                return self._work(self._handler)
            except RetryLater:
                continue

    def _wait(self) -> None:
        if self._stops.get(timeout=TURN_SECONDS):
            assert self._thread is not None
            self._thread.join(TURN_SECONDS)
            self._thread = None
        if self._failure is not None:
            raise self._failure


_here = threading.local()


def in_turns(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as steps of whichever process calls it; outside of processes as it is."""

    def step(*arguments: Any) -> Any:
        process: ConsumerProcess | None = getattr(_here, "process", None)
        if process is None:
            return function(*arguments)
        if name.endswith(".insert"):
            return _merged(process.bulk(function, *arguments))
        if name.endswith(".update_heads"):
            return all(process.bulk(function, *arguments))
        if name.endswith(".apply_changes"):
            return process.ordered_bulk(function, *arguments)
        return process.step(function, *arguments)

    return step


def _merged(outcomes: Sequence[InsertOutcome]) -> InsertOutcome:
    merged = InsertOutcome()
    for outcome in outcomes:
        merged.already_there |= outcome.already_there
        merged.refused |= outcome.refused
    return merged

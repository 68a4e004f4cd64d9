"""One server of an instance: start, stop, and the ways in which a fault test breaks it."""

import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from devstack import ports
from devstack.errors import StackError
from devstack.instance import DEFAULT_NAME, Instance
from devstack.process import Process, start_in_background, tail

START_SECONDS = 90.0
"""Bound for a start on a busy machine; the usual time is 1 to 5 seconds."""

KILL_SECONDS = 5.0


class State(StrEnum):
    UP = "up"
    PAUSED = "paused"
    UNHEALTHY = "unhealthy"  # the process lives and does not answer as it should
    DIED = "died"  # it was started and never stopped
    DOWN = "down"


@dataclass(frozen=True)
class ServiceStatus:
    """A line of `devstack status`. Memory is resident, in bytes."""

    service: str
    state: State
    pid: int | None
    port: int
    rss_bytes: int


class Service(ABC):
    """A server process with its folder, log and record. Not safe for two threads."""

    def __init__(self, instance: Instance, name: str) -> None:
        self.instance = instance
        self.name = name
        self.port = instance.ports[name]
        self.data = instance.folder / "data" / name
        self.log = instance.folder / "logs" / f"{name}.log"
        self._record = instance.folder / "run" / f"{name}.json"

    @abstractmethod
    def command(self) -> Sequence[str]:
        """The command line; prepares what it needs. Called with an existing data folder."""

    @abstractmethod
    def is_healthy(self) -> bool:
        """One look, under a second, without raising for what a starting server does."""

    @property
    def stop_seconds(self) -> float:
        """How long a stop may take before the process is killed."""
        return 15.0

    @property
    def listeners(self) -> list[int]:
        """Every port that it listens on."""
        return [self.port]

    @property
    def process(self) -> Process | None:
        """The living process that devstack started for it."""
        process = Process.load(self._record)
        return process if process and process.alive else None

    def launch(self) -> None:
        """Starts the process without waiting for health. Raises StackError (port taken)."""
        for port in self.listeners:
            if not ports.is_free(port):
                raise StackError(self._port_taken(port))
        self.data.mkdir(parents=True, exist_ok=True)
        process = start_in_background(self.command(), log=self.log, folder=self.instance.folder)
        process.save(self._record)

    def check_alive(self) -> None:
        """Raises StackError with the last log lines if the process has died."""
        if self.process is None:
            raise StackError(
                f"{self.name} died; the last lines of its log:\n{tail(self.log)}\n"
                f"Its log: {self.log}"
            )

    def start(self) -> None:
        """Starts it if it does not run, and returns when it is healthy. Raises StackError."""
        if self.process is None:
            self.launch()
        deadline = time.monotonic() + START_SECONDS
        while not self.is_healthy():
            self.check_alive()
            if time.monotonic() > deadline:
                raise StackError(self.too_slow())
            time.sleep(0.05)

    def stop(self) -> None:
        """Ends it in order, by force after `stop_seconds`; nothing if it does not run."""
        self.request_stop()
        self.finish_stop()

    def request_stop(self) -> None:
        """Asks the process to end, without waiting."""
        if process := self.process:
            process.signal(signal.SIGTERM)
            process.signal(signal.SIGCONT)  # a paused process sees the first only after this

    def finish_stop(self) -> None:
        """Waits for the end that was asked for, and forgets the process."""
        process = self.process
        if process and not process.ended_within(self.stop_seconds):
            self.kill()
        self._record.unlink(missing_ok=True)

    def kill(self) -> None:
        """SIGKILL; returns when the process is gone. It then counts as died."""
        if process := self.process:
            process.signal(signal.SIGKILL)
            if not process.ended_within(KILL_SECONDS):
                raise StackError(f"{self.name} (pid {process.pid}) does not end on SIGKILL")

    def pause(self) -> None:
        """SIGSTOP: connections stay open and nothing answers. Returns when it stands still."""
        if process := self.process:
            process.pause()

    def resume(self) -> None:
        """SIGCONT."""
        if process := self.process:
            process.resume()

    def status(self) -> ServiceStatus:
        process = self.process
        return ServiceStatus(
            service=self.name,
            state=self._state(process),
            pid=process.pid if process else None,
            port=self.port,
            rss_bytes=process.rss_bytes if process else 0,
        )

    def too_slow(self) -> str:
        return (
            f"{self.name} is not healthy after {START_SECONDS:.0f} s; the last lines of its log:\n"
            f"{tail(self.log)}\nIts log: {self.log}"
        )

    def _state(self, process: Process | None) -> State:
        if process is None:
            return State.DIED if self._record.exists() else State.DOWN
        if process.paused:
            return State.PAUSED
        return State.UP if self.is_healthy() else State.UNHEALTHY

    def _port_taken(self, port: int) -> str:
        other = "other" if self.instance.name == DEFAULT_NAME else f"{self.instance.name}-2"
        return (
            f"port {port} of {self.name} is already taken by {ports.owner(port)}: stop that, or"
            f" use an instance with ports of its own: python -m devstack up --name {other}"
        )

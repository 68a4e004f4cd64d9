"""Background processes that outlive their starter, and are never confused with a stranger."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

POLL_SECONDS = 0.05
ERROR_LINE = re.compile(r'"s":"[EF]"|\b(ERROR|FATAL)\b')  # mongod's JSON, Kafka's words
ENDED_AT_ONCE = "ended before it could be looked at"


@dataclass(frozen=True)
class Process:
    """A started process. `birth` tells it from a later process that got the same pid."""

    pid: int
    birth: str

    @property
    def alive(self) -> bool:
        return birth_of(self.pid) == self.birth

    @property
    def paused(self) -> bool:
        return self.alive and _stat_fields(self.pid)[:1] == ["T"]

    @property
    def rss_bytes(self) -> int:
        """Resident memory, 0 when the process is gone."""
        try:
            return psutil.Process(self.pid).memory_info().rss if self.alive else 0
        except psutil.NoSuchProcess:
            return 0

    def signal(self, number: signal.Signals) -> None:
        """Sends it, unless the process is gone."""
        if self.alive:
            os.kill(self.pid, number)

    def pause(self) -> None:
        """SIGSTOP; returns when the process stands still, or is gone."""
        self.signal(signal.SIGSTOP)
        while self.alive and not self.paused:
            time.sleep(POLL_SECONDS)

    def resume(self) -> None:
        """SIGCONT; returns when the process goes on."""
        self.signal(signal.SIGCONT)
        while self.paused:
            time.sleep(POLL_SECONDS)

    def ended_within(self, seconds: float) -> bool:
        """Waits until the process is gone, at most so long."""
        deadline = time.monotonic() + seconds
        while self.alive:
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> "Process | None":
        """The saved record, alive or not; None if there is none or it was cut short."""
        try:
            return cls(**json.loads(path.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None


def start_in_background(command: Sequence[str], *, log: Path, folder: Path) -> Process:
    """Starts `command` in a session of its own, so that no Ctrl-C reaches it, with output to `log`.

    A shell stands between, so that the process is nobody's child here and leaves no zombie. The
    log of the start before is kept as `<log>.old`. A command that fails is a process that is gone.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_name(log.name + ".old"))
    with log.open("wb") as output:
        answer = subprocess.run(
            ["/bin/sh", "-c", 'exec 3>&1 >&2; "$@" 3>&- & echo $! >&3', "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            cwd=folder,
            start_new_session=True,
            check=True,
        )
    pid = int(answer.stdout)
    return Process(pid, birth_of(pid) or ENDED_AT_ONCE)


def birth_of(pid: int) -> str | None:
    """Boot and clock tick in which the process started; None if there is none, or a zombie.

    Not psutil's create_time(): that one moves when somebody sets the clock.
    """
    fields = _stat_fields(pid)
    if not fields or _is_zombie(fields):
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}:{fields[19]}"


def _is_zombie(stat_fields: list[str]) -> bool:
    """Ended in all its threads: while one still lives, so do the process's ports and files."""
    state, threads = stat_fields[0], int(stat_fields[17])
    return state == "Z" and threads <= 1


def tail(log: Path, lines: int = 12) -> str:
    """The log's last errors, else its last lines, indented, for an error message."""
    if not log.exists():
        return "    (no log)"
    every = log.read_text(errors="replace").splitlines()
    shown = [line for line in every if ERROR_LINE.search(line)] or every
    return "\n".join(f"    {line}" for line in shown[-lines:]) or "    (the log is empty)"


def _stat_fields(pid: int) -> list[str]:
    """/proc/<pid>/stat from the state on: [0] state, [17] threads, [19] start time (proc(5))."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text[text.rindex(")") + 2 :].split()

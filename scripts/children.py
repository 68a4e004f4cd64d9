"""Child processes whose output appears here, line by line, under their name."""

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Thread

STOP_SECONDS = 20.0
LAST_LINES = 15


class ChildDied(Exception):
    """A child ended though nobody asked it to; the text has its last log lines."""


class Child:
    """A process in a session of its own: Ctrl-C reaches only us, and we stop in order."""

    def __init__(
        self, name: str, command: Sequence[str], *, environment: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        self._process = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        self._relay = Thread(target=self._relay_output, name=f"output of {name}", daemon=True)
        self._relay.start()

    def check_alive(self) -> None:
        code = self._process.poll()
        if code is None:
            return
        self._relay.join(timeout=1)  # what it said last
        lines = "\n".join(f"    {line}" for line in self._last) or "    (it said nothing)"
        raise ChildDied(f"{self.name} ended with exit code {code}; its last lines:\n{lines}")

    def stop(self) -> None:
        """SIGTERM; after STOP_SECONDS SIGKILL to it and its own children."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._relay.join(timeout=1)

    def _relay_output(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  # we asked for a pipe
        with self._process.stdout as output:
            for raw in output:
                line = raw.decode(errors="replace").rstrip()
                self._last.append(line)
                sys.stderr.write(f"{self.name:<10} | {line}\n")

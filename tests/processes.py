"""The product's processes as operators start them, with names and addresses of a test's own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 30.0


class Process:
    """A running command; what it writes to both outputs is kept in one file."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._output = TemporaryFile()  # noqa: SIM115  # lives as long as the process
        self.popen = subprocess.Popen(
            arguments,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    def output(self) -> str:
        self._output.seek(0)
        return self._output.read().decode()

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()

    def stop(self) -> int:
        """SIGTERM; gives the exit code."""
        self.popen.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """The exit code of a process that is about to end by itself."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"it did not end within {seconds:.0f} s:\n{self.output()}"
            ) from None

    def close(self) -> None:
        if self.popen.poll() is None:
            self.kill()
        self._output.close()


@contextmanager
def running(arguments: list[str], environment: Mapping[str, str]) -> Iterator[Process]:
    process = Process(arguments, environment)
    try:
        yield process
    finally:
        process.close()


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]

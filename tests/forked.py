"""Commands of manage.py as processes of their own, without each one's start of Django: they are forks of
a process that has started it with the same settings.

`python -m tests.forked <socket>` is that process. A connection is a run: it takes arguments and
standard input as JSON, and gives exit code and output.
"""

import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import NamedTuple

import django
from django.core.management import get_commands, load_command_class

from tests.processes import ROOT
from tests.waiting import wait_until

END_SECONDS = 180.0


class Ended(NamedTuple):
    """`output` is of both, in the order of writing."""

    code: int
    output: str


class Commands:
    """May be called by several threads at the same time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def run(self, *arguments: str, said: str = "") -> Ended:
        """As `manage.py` with these arguments; `said` is its standard input."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(END_SECONDS)
            connection.connect(str(self._path))
            connection.sendall(json.dumps([arguments, said]).encode() + b"\n")
            with connection.makefile() as answer:
                return Ended(*json.loads(answer.read()))

    def done(self, *arguments: str, said: str = "") -> str:
        """The output of what must succeed."""
        ended = self.run(*arguments, said=said)
        assert ended.code == 0, ended.output
        return ended.output


@contextmanager
def commands(variables: Mapping[str, str]) -> Iterator[Commands]:
    """With these variables of the environment."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "commands"
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.forked", str(path)],
            cwd=ROOT,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_until(lambda: path.exists() or process.poll() is not None, "Django has started")
            assert process.poll() is None
            yield Commands(path)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # what a failed test left running, too
            process.wait()


def _serve(path: Path) -> None:
    django.setup()
    for name, application in get_commands().items():
        load_command_class(application, name)  # what it imports
    gc.freeze()  # else each fork, at its end, would copy and clear it all
    draft = path.with_suffix(".draft")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(draft))
        listening.listen()
        draft.rename(path)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that answer
        while True:
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _answer(connection)
                return
            connection.close()


def _answer(connection: socket.socket) -> None:
    """Twice: in the process that answers, and in the one that runs the command."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    reading, writing = os.pipe()
    with connection.makefile() as request:
        arguments, said = json.loads(request.readline())
    running = os.fork()
    if running == 0:
        connection.close()
        os.close(reading)
        with TemporaryFile() as given:
            given.write(said.encode())
            given.seek(0)
            os.dup2(given.fileno(), 0)
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        os.close(writing)
        sys.argv = ["manage.py", *arguments]
        runpy.run_path("manage.py", run_name="__main__")
        return
    os.close(writing)
    with os.fdopen(reading, "rb") as output:
        text = output.read().decode()
    code = os.waitstatus_to_exitcode(os.waitpid(running, 0)[1])
    connection.sendall(json.dumps([code, text]).encode())
    connection.close()
    os._exit(0)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))

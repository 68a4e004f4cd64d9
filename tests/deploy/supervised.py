"""supervisord with the project's own program files, on an installation."""

import getpass
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psutil

from tests.deploy.compose import ROOT
from tests.deploy.installation import DOCUMENTED, PATH, Installation
from tests.waiting import wait_until

PROGRAMS = sorted((ROOT / "deploy/supervisor").glob("*.conf"))
LOGS = "/var/log/supervisor"
UP_SECONDS = 90.0
STOP_SECONDS = 90.0
HIGHEST_NUMBER = 29
"""Of a process, and so of a metrics port behind its first digits."""

MAIN = """\
[unix_http_server]
file={folder}/supervisor.sock
chmod=0700
[supervisord]
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{folder}/supervisor.sock
[include]
files={folder}/conf.d/*.conf
"""
"""As Debian's /etc/supervisor/supervisord.conf, in another folder."""


class Seen(NamedTuple):
    """A process as supervisorctl tells it; `pid` is None while it has none."""

    state: str
    pid: int | None


@dataclass
class Supervisor:
    folder: Path
    installation: Installation
    ports: str
    """The first digits of each metrics port, in place of 94."""

    def start(self) -> None:
        (self.folder / "conf.d").mkdir()
        (self.folder / "log").mkdir()
        (self.folder / "supervisord.conf").write_text(MAIN.format(folder=self.folder))
        for program in PROGRAMS:
            (self.folder / "conf.d" / program.name).write_text(self._moved(program.read_text()))
        with (self.folder / "output").open("w") as output:
            self.process = psutil.Popen(
                [*_program("supervisord"), "--nodaemon", *self._configuration],
                cwd="/",
                env=dict(self.installation.variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        wait_until(self.seen, "supervisord answers")

    def _moved(self, text: str) -> str:
        """The file of this folder, this user and these ports."""
        for what, here in {
            DOCUMENTED: str(self.installation.folder),
            LOGS: str(self.folder / "log"),
            "user=emis-chat": f"user={getpass.getuser()}",
            '"94': f'"{self.ports}',
        }.items():
            assert what in text or what == '"94', what
            text = text.replace(what, here)
        return text

    @property
    def _configuration(self) -> list[str]:
        return ["-c", str(self.folder / "supervisord.conf")]

    def control(self, *command: str, seconds: float = 60.0) -> str:
        done = subprocess.run(
            [*_program("supervisorctl"), *self._configuration, *command],
            env=dict(self.installation.variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return done.stdout + done.stderr

    def seen(self) -> dict[str, Seen]:
        """By name without the program's; empty while supervisord does not answer."""
        line = re.compile(r"^(?:[\w-]+:)?([\w-]+) +([A-Z]+)(?: +pid (\d+))?", re.MULTILINE)
        found = line.findall(self.control("status"))
        return {name: Seen(state, int(pid) if pid else None) for name, state, pid in found}

    def pid(self, name: str) -> int:
        pid = self.seen()[name].pid
        assert pid is not None, name
        return pid

    def wait_until_all_run(self) -> dict[str, Seen]:
        wait_until(
            lambda: {each.state for each in self.seen().values()} == {"RUNNING"},
            f"all are RUNNING: {self.seen()}",
            seconds=UP_SECONDS,
        )
        return self.seen()

    def wait_until_replaced(self, name: str, pid: int) -> int:
        """Gives the process that runs in place of `pid`."""

        def replacement() -> int | None:
            seen = self.seen()[name]
            return seen.pid if seen.state == "RUNNING" and seen.pid != pid else None

        return wait_until(replacement, f"{name} runs again", seconds=UP_SECONDS) or 0

    def metrics_port(self, number: str) -> str:
        return f"{self.ports}{number}"

    def log_of(self, name: str) -> str:
        return (self.folder / "log" / f"{name}.log").read_text()

    def own_log(self) -> str:
        return (self.folder / "supervisord.log").read_text()

    def processes(self) -> list[psutil.Process]:
        """Everything that it started and that lives."""
        return [each for each in self.process.children(recursive=True) if lives(each)]

    def end(self) -> None:
        if self.process.poll() is None:
            left = self.processes()
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            finally:
                for each in [self.process, *left]:
                    if lives(each):
                        each.kill()


@contextmanager
def supervising(installation: Installation) -> Iterator[Supervisor]:
    """With a short path of its own: that of a socket has 107 characters at most."""
    with TemporaryDirectory(prefix="supervisor-") as folder:
        supervisor = Supervisor(Path(folder), installation, _free_ports())
        supervisor.start()
        try:
            yield supervisor
        finally:
            supervisor.end()


def _program(name: str) -> list[str]:
    """Debian's where it is installed, else the same one from PyPI."""
    if debians := shutil.which(name, path=PATH):
        return [debians]
    return [sys.executable, "-m", f"supervisor.{name}"]


def _free_ports() -> str:
    """First digits behind which the ports of all numbers are free."""
    for digits in range(200, 320):
        if all(_is_free(int(f"{digits}{number:02}")) for number in range(HIGHEST_NUMBER + 1)):
            return str(digits)
    raise AssertionError("no thirty free ports in a row")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def lives(process: psutil.Process) -> bool:
    """Not so of one that has ended and that nobody has asked for its exit code."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

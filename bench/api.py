"""The API as operators start it, and its rivals under the same gunicorn."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from bench.stage import TENANT, USER, manage
from bench.waiting import BenchFailed, wait_until
from devstack import ports
from devstack.instance import REPOSITORY
from scripts.children import STOP_SECONDS

START_SECONDS = 60.0
PRODUCT_SETTINGS = "chat_project.settings.django"


class Server:
    """A running gunicorn."""

    def __init__(self, environment: Mapping[str, str], settings: str, log: Path) -> None:
        self.port = ports.free_port(taken=())
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "gunicorn", "-c", "chat_project/gunicorn.conf.py"),
                    *("--bind", f"127.0.0.1:{self.port}", "chat_project.wsgi"),
                ],
                cwd=REPOSITORY,
                env={**environment, "DJANGO_SETTINGS_MODULE": settings},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.log = log

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1/messages"

    @property
    def pid(self) -> int:
        """The master's; the workers are its children."""
        return self.process.pid

    def wait_until_it_answers(self, headers: Mapping[str, str]) -> None:
        """Anything, to a text without a conversation: nothing is stored by this."""
        request = Request(f"{self.url}/text", b"{}", dict(headers))  # noqa: S310  # our own server
        wait_until(lambda: self._answers(request), "the API answers", seconds=START_SECONDS)

    def _answers(self, request: Request) -> bool:
        if self.process.poll() is not None:
            last = self.log.read_text(errors="replace")[-2_000:]
            raise BenchFailed(f"gunicorn ended with {self.process.returncode}:\n{last}")
        try:
            urlopen(request, timeout=5).close()  # noqa: S310  # our own server
        except HTTPError:
            return True
        except OSError:
            return False
        return True

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(STOP_SECONDS)


@contextmanager
def serving(environment: Mapping[str, str], settings: str, log: Path) -> Iterator[Server]:
    server = Server(environment, settings, log)
    try:
        yield server
    finally:
        server.stop()


def headers_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Those of a JSON request by the user whom every conversation of a stage has."""
    return {
        "Authorization": f"Bearer {token_of(environment)}",
        "Content-Type": "application/json",
    }


def token_of(environment: Mapping[str, str]) -> str:
    """Of the user whom every conversation of a stage has; good for a day."""
    issued = subprocess.run(
        manage("issue_token", "--user", USER, "--tenant", TENANT, "--ttl", "86400"),
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return issued.stdout.strip()

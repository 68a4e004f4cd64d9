"""The API as operators start it, and its rivals under the same gunicorn."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
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

    def wait_until_it_answers(self, headers: Mapping[str, str], body: bytes) -> None:
        request = Request(f"{self.url}/text", body, dict(headers))  # noqa: S310  # our own server
        wait_until(lambda: self._answers(request), "the API answers", seconds=START_SECONDS)

    def _answers(self, request: Request) -> bool:
        if self.process.poll() is not None:
            last = self.log.read_text(errors="replace")[-2_000:]
            raise BenchFailed(f"gunicorn ended with {self.process.returncode}:\n{last}")
        try:
            with urlopen(request, timeout=5) as answer:  # noqa: S310  # our own server
                return bool(answer.status == 200)
        except URLError:
            return False

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
    token = subprocess.run(
        manage("issue_token", "--user", USER, "--tenant", TENANT, "--ttl", "86400"),
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        "Authorization": f"Bearer {token.stdout.strip()}",
        "Content-Type": "application/json",
    }

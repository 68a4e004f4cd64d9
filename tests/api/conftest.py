import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from pytest_django.fixtures import Settings

from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 30


@pytest.fixture(autouse=True)
def probe(settings: Settings) -> None:
    """Mounts the probe beside the product's paths."""
    settings.ROOT_URLCONF = "tests.api.probe"


class Served:
    """A real gunicorn with the product's configuration."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = log


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("gunicorn") / "log") as one:
        yield one


@contextmanager
def serving(log: Path, **variables: str) -> Iterator[Served]:
    """A gunicorn with the probe; `variables` of its environment beside the session's."""
    command = [sys.executable, "-m", "gunicorn", "-c", "chat_project/gunicorn.conf.py"]
    command += ["chat_project.wsgi", "--bind", "127.0.0.1:0"]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.api.probe_settings",
        **variables,
    }
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=output, text=True)
    try:
        yield Served(process, _port_of(process, log), log)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=START_SECONDS) == 0


def _port_of(process: "subprocess.Popen[str]", log: Path) -> int:
    def listening() -> int | None:
        assert process.poll() is None, log.read_text()
        found = re.search(r"Listening at: http://127\.0\.0\.1:(\d+)", log.read_text())
        return int(found[1]) if found and _answers(int(found[1])) else None

    return wait_until(listening, "a listening server", seconds=START_SECONDS)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live").status_code == 200
    except httpx.TransportError:
        return False

"""The whole product for a test: the API under gunicorn and a consumer, with topics of their own."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from chat_project.settings.environment import BASE_DIR
from tests.consumers.pipelines import Pipeline, free_port
from tests.processes import manage, running
from tests.waiting import wait_until

READY_SECONDS = 60.0


@dataclass(frozen=True)
class Product:
    """Where the API answers; its database is the session's."""

    pipeline: Pipeline
    url: str

    def token(self, user_id: str, tenant_id: str, name: str) -> str:
        return command_output(
            "issue_token", "--user", user_id, "--tenant", tenant_id, "--name", name
        )


@contextmanager
def running_product() -> Iterator[Product]:
    """Ready when it is given: requests are answered and messages are stored."""
    pipeline = Pipeline()
    with running_api(pipeline.variables) as url, pipeline.consumer():
        wait_until(lambda: _answers(f"{url}/health/ready"), "a ready API", seconds=READY_SECONDS)
        yield Product(pipeline, url)


@contextmanager
def running_api(variables: Mapping[str, str]) -> Iterator[str]:
    """The API alone, under gunicorn, and its address; servers that it needs may be away."""
    url = f"http://127.0.0.1:{free_port()}"
    server = [*manage()[:1], "-m", "gunicorn", "-c", "chat_project/gunicorn.conf.py"]
    bound = ["--bind", url.removeprefix("http://"), "chat_project.wsgi"]
    with running([*server, *bound], variables):
        wait_until(lambda: _answers(f"{url}/health/live"), "a living API", seconds=READY_SECONDS)
        yield url


def command_output(*command: str) -> str:
    """Standard output of a command of manage.py, stripped; the logs are on standard error."""
    done = subprocess.run(manage(*command), cwd=BASE_DIR, check=True, capture_output=True)
    return done.stdout.decode().strip()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False

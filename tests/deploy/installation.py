"""The project as docs/deployment.md installs it on a host: files, virtual environment and .env, in a
folder of a test's own. What runs there gets nothing from the environment of the tests."""

import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import httpx
import jwt

from emis_chat_client import Client
from tests.consumers.pipelines import free_port
from tests.deploy.compose import ROOT
from tests.waiting import wait_until

DOCUMENTED = "/srv/emis-chat"
"""Where the files of supervisor and cron look for it."""
FOLDERS = (
    *("chat_project", "staff", "conversations", "messaging", "consumers", "realtime", "deploy"),
)
PATH = "/usr/local/bin:/usr/bin:/bin"
TENANT, USER = "school-1", "teacher-1"
COMMAND_SECONDS = 240.0
READY_SECONDS = 120.0


@dataclass(frozen=True)
class Ended:
    """A command that ran to its end."""

    code: int
    output: str
    errors: str


class Installation:
    """`settings` is what .env says, by name; names of topics and database are its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        name = uuid4().hex[:8]
        prefix = f"{os.environ['KAFKA_TOPIC_PREFIX']}-{name}"
        self.settings = {
            "DJANGO_SECRET_KEY": secrets.token_urlsafe(48),
            "ALLOWED_HOSTS": "127.0.0.1",
            "JWT_SECRET": secrets.token_urlsafe(48),
            "JWT_ISSUER": "emis",
            "JWT_AUDIENCE": "emis-chat",
            "KAFKA_BOOTSTRAP_SERVERS": os.environ["KAFKA_BOOTSTRAP_SERVERS"],
            "KAFKA_TOPIC_PREFIX": prefix,
            "KAFKA_GROUP_ID": prefix,
            "KAFKA_SESSION_TIMEOUT_MS": "6000",
            "MONGODB_URI": os.environ["MONGODB_URI"],
            "MONGODB_DATABASE": f"{name}_{os.environ['MONGODB_DATABASE']}",
            "REDIS_URL": os.environ["REDIS_URL"],
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "2",
            "METRICS_PORT": str(free_port()),
        }
        self._lay_out()

    def _lay_out(self) -> None:
        for name in FOLDERS:
            shutil.copytree(ROOT / name, self.folder / name)
        shutil.copy(ROOT / "manage.py", self.folder)
        (self.folder / ".venv").symlink_to(sys.prefix)
        self.set()

    def set(self, **changes: str | None) -> None:
        """Writes .env, with these instead of or beside its settings; None leaves one out."""
        values = {**self.settings, **changes}
        lines = [f"{name}={value}\n" for name, value in values.items() if value is not None]
        (self.folder / ".env").write_text("".join(lines))

    def prepare(self) -> None:
        """The commands that the documentation names for a first start."""
        for command in ("migrate", "create_topics", "create_indexes"):
            done = self.run([".venv/bin/python", "manage.py", command])
            assert done.code == 0, done.errors

    def run(
        self, command: Sequence[str], *, seconds: float = COMMAND_SECONDS, **variables: str
    ) -> Ended:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**self.variables, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    @property
    def variables(self) -> Mapping[str, str]:
        """What a service's process has of an environment."""
        return {"PATH": PATH, "HOME": str(self.folder), "LANG": "C.UTF-8"}

    @contextmanager
    def api(self) -> Iterator[Client]:
        """The API without a supervisor, and who sends to it."""
        command = [".venv/bin/python", "-m", "gunicorn", "-c", "chat_project/gunicorn.conf.py"]
        with subprocess.Popen(
            [*command, "chat_project.wsgi"], cwd=self.folder, env=dict(self.variables)
        ) as process:
            try:
                wait_until(self.is_ready, "the API is ready", seconds=READY_SECONDS)
                with self.client() as client:
                    yield client
            finally:
                process.terminate()

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5).is_success
        except httpx.TransportError:
            return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def token(self) -> str:
        claims = {
            "UserId": USER,
            "TenantId": TENANT,
            "name": "Lê Văn Dũng",
            "iss": self.settings["JWT_ISSUER"],
            "aud": self.settings["JWT_AUDIENCE"],
            "exp": int(time.time()) + 3_600,
        }
        return jwt.encode(claims, self.settings["JWT_SECRET"], "HS256")

    def client(self) -> Client:
        return Client(self.url, self.token)

    def log(self) -> str:
        """All that its processes wrote to the log file of the day, or of two."""
        files = sorted((self.folder / "logs").glob("chat-service-*.log"))
        return "".join(file.read_text() for file in files)

"""The API as a process, and people who send until they are answered 200."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx
import jwt

from tests.consumers.pipelines import free_port
from tests.faults.rooms import PEOPLE
from tests.faults.round import Round
from tests.processes import Process
from tests.waiting import wait_until

ANSWER_SECONDS = 10.0
PEOPLE_AT_ONCE = 8


class Api:
    """gunicorn on the names of a round; its clock may be ahead or behind."""

    def __init__(self, one: Round, *, clock_shift_seconds: float = 0.0) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        arguments = [
            *("-c", "chat_project/gunicorn.conf.py", "--bind", f"127.0.0.1:{self.port}"),
            "tests.faults.shifted_wsgi",
        ]
        self.process = Process(
            [".venv/bin/python", "-m", "gunicorn", *arguments],
            {**one.variables, "FAULTS_CLOCK_SHIFT_SECONDS": str(clock_shift_seconds)},
        )

    def wait_until_ready(self) -> None:
        wait_until(self._is_ready, "the API is ready", seconds=60)

    @property
    def workers(self) -> list[int]:
        """Process ids."""
        pid = self.process.popen.pid
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def serving(one: Round, *, clock_shift_seconds: float = 0.0) -> Iterator[Api]:
    api = Api(one, clock_shift_seconds=clock_shift_seconds)
    try:
        api.wait_until_ready()
        yield api
    finally:
        api.process.stop()
        api.process.close()


class Senders:
    """People who send one text after the other, each until it is answered 200, with its key."""

    def __init__(self, one: Round, apis: Sequence[Api]) -> None:
        self.lost = 0
        """Requests that were never answered."""
        self.unavailable = 0
        """Requests that were answered 503."""
        self.wrong: list[str] = []
        self._one, self._apis = one, apis
        self._rooms = list(one.rooms.items())
        self._done = threading.Event()

    @contextmanager
    def sending(self) -> Iterator[None]:
        with ThreadPoolExecutor(PEOPLE_AT_ONCE) as pool:
            working = [pool.submit(self._send_on, number) for number in range(PEOPLE_AT_ONCE)]
            try:
                yield
            finally:
                self._done.set()
        for each in working:
            each.result()
        assert self.wrong == [], self.wrong[:3]

    def _send_on(self, number: int) -> None:
        room, tenant = self._rooms[number]
        user = PEOPLE[number % len(PEOPLE)]
        headers = {"Authorization": f"Bearer {_token(self._one, user, tenant)}"}
        with httpx.Client(headers=headers, timeout=ANSWER_SECONDS) as client:
            count = 0
            while not self._done.is_set():
                count += 1
                self._send_until_accepted(client, room, user, f"{self._one.name}-{number}-{count}")

    def _send_until_accepted(self, client: httpx.Client, room: str, user: str, key: str) -> None:
        body = {"conversationId": room, "senderId": user, "senderName": user, "content": key}
        give_up_at = datetime.now(UTC) + timedelta(seconds=120)
        url = self._apis[crc32(key.encode()) % len(self._apis)].url + "/api/v1/messages/text"
        while datetime.now(UTC) < give_up_at:
            try:
                answer = client.post(url, json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                self.lost += 1
                continue
            if answer.status_code == 200:
                self._one.answered[key] = answer.json()["data"]
                return
            if answer.status_code != 503:
                self.wrong.append(f"{answer.status_code}: {answer.text[:200]}")
                return
            self.unavailable += 1
        self.wrong.append(f"{key} was not accepted within two minutes")


def _token(one: Round, user: str, tenant: str) -> str:
    settings = one.environment
    claims: dict[str, Any] = {
        "UserId": user,
        "TenantId": tenant,
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        "exp": datetime.now(UTC) + timedelta(hours=1),
    }
    return jwt.encode(claims, settings.jwt_secret or "", "HS256")

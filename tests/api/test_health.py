import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from chat_project import health


class Away(Exception):
    pass


def answers() -> None:
    pass


def is_away() -> None:
    raise Away("secret-host:27017 refused")


released = threading.Event()
runs: list[str] = []


def hangs() -> None:
    if not released.is_set():
        runs.append("hung")
    released.wait(30)


@pytest.fixture
def checks(settings: Settings, request: pytest.FixtureRequest) -> Iterator[None]:
    """Replaces the readiness checks by functions of this module, `name=(function, required)`."""
    here = __name__
    settings.READINESS_CHECKS = {
        name: (f"{here}.{function.__name__}", required)
        for name, (function, required) in request.param.items()
    }
    settings.READINESS_TIMEOUT_SECONDS = 0.2
    health.checks.cache_clear()
    yield
    health.checks.cache_clear()


def ready(path: str = "/health/ready") -> tuple[int, Any]:
    answer = Client().get(path)
    return answer.status_code, answer.json()


@pytest.mark.parametrize(
    ("checks", "status", "state"),
    [
        ({"a": (answers, True), "b": (answers, False)}, 200, "healthy"),
        ({"a": (answers, True), "b": (is_away, False)}, 200, "degraded"),
        ({"a": (is_away, True), "b": (answers, False)}, 503, "unhealthy"),
        ({"a": (is_away, True), "b": (is_away, False)}, 503, "unhealthy"),
    ],
    indirect=["checks"],
    ids=["all answer", "an optional one is away", "a required one is away", "both are away"],
)
@pytest.mark.parametrize("path", ["/health", "/health/ready", "/Health/Ready/"])
def test_ready_says_which_servers_answer(checks: None, status: int, state: str, path: str) -> None:
    code, body = ready(path)

    assert (code, body["data"]["status"]) == (status, state)
    assert body["success"] is (status == 200)


@pytest.mark.parametrize("checks", [{"a": (is_away, True)}], indirect=True)
def test_a_failure_is_named_by_its_kind_without_addresses(checks: None) -> None:
    _, body = ready()

    assert body["data"]["checks"] == {"a": {"status": "down", "error": "Away"}}


@pytest.mark.parametrize("checks", [{"a": (hangs, True), "b": (answers, True)}], indirect=True)
def test_a_hanging_server_is_asked_once_however_often_we_are_asked(checks: None) -> None:
    try:
        for _ in range(3):
            code, body = ready()
            assert code == 503
            assert body["data"]["checks"]["a"] == {"status": "down", "error": "TimeoutError"}
            assert body["data"]["checks"]["b"] == {"status": "up"}
        [hanging] = [check for check in health.checks() if check.name == "a"]
        assert hanging.start() is hanging.start()
        assert runs == ["hung"]
    finally:
        released.set()


@pytest.mark.parametrize("checks", [{"a": (is_away, True)}], indirect=True)
def test_live_asks_nobody(checks: None) -> None:
    answer = Client().get("/health/live")

    assert (answer.status_code, answer.json()["data"]) == (200, {"status": "healthy"})


def test_the_real_servers_answer() -> None:
    code, body = ready()

    assert (code, body["data"]["status"]) == (200, "healthy")
    assert list(body["data"]["checks"]) == ["mongodb", "kafka", "accepting", "redis"]

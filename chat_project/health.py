"""Whether this process can work: `/health/live` asks nobody, `/health/ready` asks the servers."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from functools import lru_cache
from threading import Lock
from time import monotonic

import pymongo
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from chat_project import mongodb, redis
from chat_project.api.envelope import ErrorBody, encode
from chat_project.api.exceptions import already_logged
from chat_project.api.renderers import JSON

logger = logging.getLogger(__name__)


def live(_request: HttpRequest) -> HttpResponse:
    return _answer({"status": "healthy"}, unhealthy=False)


def ready(_request: HttpRequest) -> HttpResponse:
    """503 when a required server is away; `degraded`, and 200, when only Redis is, or
    when the topic grows and sends are refused for that time."""
    asked = checks()
    failures = _failures(asked, settings.READINESS_TIMEOUT_SECONDS)
    unhealthy = any(check.required for check in asked if check.name in failures)
    status = "unhealthy" if unhealthy else "degraded" if failures else "healthy"
    described = {
        check.name: {"status": "down", "error": failures[check.name]}
        if check.name in failures
        else {"status": "up"}
        for check in asked
    }
    return _answer({"status": status, "checks": described}, unhealthy=unhealthy)


def states(*, within_seconds: float) -> dict[str, str | None]:
    """What `/health/ready` would tell, for people: by check the kind of error, None where all is well."""
    asked = checks()
    failures = _failures(asked, within_seconds)
    return {check.name: failures.get(check.name) for check in asked}


def ping_mongodb() -> None:
    """Raises PyMongoError when no primary answers in time."""
    with pymongo.timeout(settings.READINESS_TIMEOUT_SECONDS):
        mongodb.client().admin.command("ping")


def ping_redis() -> None:
    """Raises RedisError; asks Redis even while the breaker of `chat_project.redis` is open."""
    redis.client().ping()


class Check:
    """One server's check. Callers share a run that is under way, so a hanging one costs a thread,
    not a thread for every probe.
    """

    def __init__(self, name: str, callable_path: str, *, required: bool) -> None:
        self.name = name
        self.required = required
        self._ask: Callable[[], object] = import_string(callable_path)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"check-{name}")
        self._running: Future[object] | None = None
        self._lock = Lock()

    def start(self) -> Future[object]:
        with self._lock:
            if self._running is None or self._running.done():
                self._running = self._executor.submit(self._ask)
            return self._running


def _answer(data: dict[str, object], *, unhealthy: bool) -> HttpResponse:
    error = ErrorBody("unhealthy", "A server that is needed is away") if unhealthy else None
    body = encode(data=data, error=error)
    response = HttpResponse(body, content_type=JSON, status=503 if unhealthy else 200)
    already_logged(response)
    return response


def _failures(asked: list[Check], within_seconds: float) -> dict[str, str]:
    """By name, for the servers that did not answer in time: the kind of error, no addresses."""
    deadline = monotonic() + within_seconds
    running = {check.name: check.start() for check in asked}
    wait_for(running.values(), timeout=deadline - monotonic())
    failures = {}
    for name, future in running.items():
        if not future.done():
            failures[name] = "TimeoutError"
        elif (error := future.exception()) is not None:
            failures[name] = type(error).__name__
            logger.warning("Readiness: %s is away: %s", name, error)
    return failures


@lru_cache(maxsize=1)
def checks() -> list[Check]:
    return [
        Check(name, callable_path, required=required)
        for name, (callable_path, required) in settings.READINESS_CHECKS.items()
    ]

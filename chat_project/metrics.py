"""The Prometheus metrics of this project's processes, and how they are read.

In the API several processes count together (PROMETHEUS_MULTIPROC_DIR, set by gunicorn.conf.py);
every other process serves its own on a port.
"""

import logging
import os
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector

logger = logging.getLogger(__name__)

PORTS_TRIED = 10
LAST_PORT = 65_535

http_request_duration_seconds = Histogram(
    "http_request_duration_seconds",
    "Time from the first middleware to the finished answer.",
    ["method", "endpoint", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
messages_sent_total = Counter(
    "messages_sent_total",
    "Messages by outcome. API: accepted, refused, unavailable; consumer: sent, failed, duplicate.",
    ["status"],
)
rate_limited_total = Counter(
    "rate_limited_total",
    "Messages that were refused because a limit was reached, by whose it is (sender, tenant).",
    ["scope"],
)
cache_requests_total = Counter(
    "cache_requests_total",
    "Look-ups in Redis by cache (settings, member) and result (hit, miss, away).",
    ["cache", "result"],
)
breaker_open_total = Counter(
    "breaker_open_total", "Times that Redis failed and was left alone for a second."
)


def metrics(_request: HttpRequest) -> HttpResponse:
    """GET /metrics: all workers of the API together."""
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def count_from_zero(counter: Counter, values: Iterable[str]) -> None:
    """Exports the counter with these values of its label; `rate()` misses a first event otherwise.

    For the process that counts them alone: another one's zeros would look like its own.
    """
    for value in values:
        counter.labels(value)


def start_metrics_server(port: int) -> int:
    """Serves this process's metrics on `port`, or on the next free one of ten; gives the port.

    Runs in a daemon thread. Raises OSError when none of the ten (up to 65,535) is free.
    """
    last = min(port + PORTS_TRIED - 1, LAST_PORT)
    for candidate in range(port, last + 1):
        try:
            start_http_server(candidate)
        except OSError:
            continue
        logger.info("Metrics at http://localhost:%d/metrics", candidate)
        return candidate
    raise OSError(f"METRICS_PORT: ports {port} to {last} are all taken")


def _registry() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # prometheus_client's own
    return registry

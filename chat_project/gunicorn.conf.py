# ruff: noqa: N999  # gunicorn gives the file its name
"""gunicorn's settings for the API; options on the command line win (`--bind`, `--workers`).

`gunicorn -c chat_project/gunicorn.conf.py chat_project.wsgi`
"""

import gc
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger
from typing_extensions import override

from chat_project import logs
from chat_project.settings.environment import SettingsError, environment
from chat_project.settings.server import API_THREADS

GARBAGE_THRESHOLD = 50_000  # objects made and not freed: a collection every few thousand requests

try:
    _settings = environment()
except SettingsError as error:
    sys.exit(str(error))

# Before anything imports prometheus_client, which looks once: all workers count together.
_counters = Path(
    os.environ.setdefault(
        "PROMETHEUS_MULTIPROC_DIR", str(Path(tempfile.gettempdir()) / f"emis-chat-{os.getpid()}")
    )
)

bind = f"0.0.0.0:{_settings.port}"
worker_class = "gthread"
workers = _settings.web_concurrency
threads = API_THREADS
worker_connections = 2_000  # most of them idle between two requests of a keep-alive client
backlog = 2_048
keepalive = 65  # longer than the usual 60 s of a proxy in front, so that it closes first
timeout = 30
graceful_timeout = 30
limit_request_line = 8_190
limit_request_fields = 100
limit_request_field_size = 16_380  # a .NET token with many roles is long
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # no disk I/O
control_socket_disable = True  # signals are enough, and the home folder may be read-only
accesslog = None  # metrics count requests; a line each would also show the query string


class StandardLogger(Logger):
    """gunicorn's own messages go where all others go (`chat_project.logs`)."""

    @override
    def setup(self, cfg: Any) -> None:
        logs.configure({"format": _settings.log_format})
        self.error_log.propagate = True
        self.error_log.handlers.clear()


logger_class = StandardLogger


def on_starting(_server: Any) -> None:
    _counters.mkdir(parents=True, exist_ok=True)
    _forget_counters()


def pre_fork(server: Any, worker: Any) -> None:
    """Chooses the processor that the fewest living workers have."""
    taken = Counter(getattr(each, "processor", None) for each in server.WORKERS.values())
    worker.processor = min(sorted(os.sched_getaffinity(0)), key=lambda each: taken[each])


def post_worker_init(worker: Any) -> None:
    """After the fork: the first sender need not wait for the connection to Kafka."""
    from messaging.producer import producer
    from messaging.services import count_texts_from_zero

    _stay_on_a_processor(worker)
    count_texts_from_zero()
    producer()
    _collect_rarely()


def _stay_on_a_processor(worker: Any) -> None:
    """The threads of a worker take turns anyway (Python's lock): on one processor a turn costs no
    interrupt to another, a quarter of a text's CPU (docs/performance.md). Only where the workers fill
    the machine: on a larger one every service of the host would choose the same processors."""
    if worker.cfg.workers >= len(os.sched_getaffinity(0)):
        os.sched_setaffinity(0, {worker.processor})


def _collect_rarely() -> None:
    """What is loaded stays; what a request makes is freed without the collector."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_THRESHOLD)


def child_exit(_server: Any, worker: Any) -> None:
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)


def on_exit(_server: Any) -> None:
    _forget_counters()


def _forget_counters() -> None:
    """Only prometheus_client's own files: the folder may be an operator's."""
    for file in _counters.glob("*.db"):
        file.unlink(missing_ok=True)

"""What every process does once when Django starts."""

from django.apps import AppConfig
from django.conf import settings
from django.core.cache import close_caches
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from typing_extensions import override

from chat_project import mongodb


class ChatProjectConfig(AppConfig):
    """Registers the MongoDB connection; nothing is opened before its first use."""

    name = "chat_project"

    @override
    def ready(self) -> None:
        mongodb.connect()
        _do_not_look_after_pools()


def _do_not_look_after_pools() -> None:
    """Neither backend has a connection to close at the end of a request: both are pools, whose
    `close()` does nothing. Looking took a tenth of a text's Python time (docs/performance.md)."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    request_finished.disconnect(close_caches)
    if not settings.DEBUG:
        request_started.disconnect(reset_queries)

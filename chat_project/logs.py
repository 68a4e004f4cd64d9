"""Logs: structlog over the standard library, to standard error and to a file of the UTC day."""

from typing import Any


def configure(options: dict[str, Any]) -> None:
    pass

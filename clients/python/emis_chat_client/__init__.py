"""Typed client of the EMIS chat service. Start with `Client` or `AsyncClient`; see the README."""

from emis_chat_client import calls, errors, models
from emis_chat_client.client import AsyncClient, Client
from emis_chat_client.errors import ApiError, ChatError, ConnectionFailed
from emis_chat_client.retries import NO_RETRY, Retry

__all__ = [
    "NO_RETRY",
    "ApiError",
    "AsyncClient",
    "ChatError",
    "Client",
    "ConnectionFailed",
    "Retry",
    "calls",
    "errors",
    "models",
]

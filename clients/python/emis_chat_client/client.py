"""The two clients: they do the I/O that `exchange` asks for, and nothing else."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeVar, cast

import httpx

from emis_chat_client import uploads
from emis_chat_client.binding import async_method, method
from emis_chat_client.call import Call
from emis_chat_client.exchange import Flow, Received, Send, Wait, exchange, outcome_of
from emis_chat_client.methods import AsyncMethods, Methods
from emis_chat_client.models import Message
from emis_chat_client.retries import Retry

T = TypeVar("T")

TIMEOUT_SECONDS = 10.0
"""Of one attempt; the service itself gives up a text after 3 s."""

Token = str | Callable[[], str]
"""The bearer token, or what gives one: it is asked before every attempt."""

_BEARER = re.compile(r"[!-~]+")


class Client(Methods):
    """`base_url`: scheme, host and port. Safe among threads; close it, or use it in a `with`.

    Every method raises ChatError (`errors`), and blocks for its attempts and pauses (`Retry`). What
    cannot be sent at all is a ValueError: a time without a zone, a token that fits into no header.
    """

    def __init__(
        self,
        base_url: str,
        token: Token,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        retry: Retry | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=timeout_seconds)
        self._token = token
        self._retry = retry or Retry()
        self._sleep = sleep

    send_attachment = method(uploads.send_attachment)

    def run(self, call: Call[T]) -> T:
        """Any call of `calls` and `uploads`."""
        return self._drive(exchange(call, self._retry))

    def wait_for_outcome(self, message_id: str, *, within_seconds: float = 30.0) -> Message:
        """The message as soon as it is stored or has failed; still `Sending` after that time.

        Raises MessageNotFound when nothing is known of it then.
        """
        return self._drive(outcome_of(message_id, self._retry, within_seconds=within_seconds))

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _drive(self, flow: Flow[T]) -> T:
        received: Received = None
        while True:
            try:
                step = flow.send(received)
            except StopIteration as done:
                return cast(T, done.value)
            if isinstance(step, Wait):
                self._sleep(step.seconds)
                received = None
            else:
                received = self._send(step)

    def _send(self, step: Send) -> Received:
        try:
            return self._http.send(_request(self._http, step, self._token))
        except httpx.RequestError as error:
            return error


class AsyncClient(AsyncMethods):
    """The same for asyncio: every method is awaited, every `iter_…` goes into an `async for`."""

    def __init__(
        self,
        base_url: str,
        token: Token,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        retry: Retry | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, timeout=timeout_seconds)
        self._token = token
        self._retry = retry or Retry()
        self._sleep = sleep

    send_attachment = async_method(uploads.send_attachment)

    async def run(self, call: Call[T]) -> T:
        return await self._drive(exchange(call, self._retry))

    async def wait_for_outcome(self, message_id: str, *, within_seconds: float = 30.0) -> Message:
        flow = outcome_of(message_id, self._retry, within_seconds=within_seconds)
        return await self._drive(flow)

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _drive(self, flow: Flow[T]) -> T:
        received: Received = None
        while True:
            try:
                step = flow.send(received)
            except StopIteration as done:
                return cast(T, done.value)
            if isinstance(step, Wait):
                await self._sleep(step.seconds)
                received = None
            else:
                received = await self._send(step)

    async def _send(self, step: Send) -> Received:
        try:
            return await self._http.send(_request(self._http, step, self._token))
        except httpx.RequestError as error:
            return error


def _request(http: httpx.Client | httpx.AsyncClient, step: Send, token: Token) -> httpx.Request:
    bearer = token if isinstance(token, str) else token()
    if not _BEARER.fullmatch(bearer):
        raise ValueError("The token must be visible ASCII characters without blanks or line breaks")
    return http.build_request(
        step.method,
        step.path,
        params=step.query,
        headers={**step.headers, "Authorization": f"Bearer {bearer}"},
        content=step.content,
    )

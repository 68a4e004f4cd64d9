"""A call with its attempts, without I/O: the sync and the async client do what it asks for.

A flow yields `Send` and gets the response, or httpx's error; it yields `Wait` and gets None.
"""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

import httpx
import msgspec

from emis_chat_client import calls
from emis_chat_client.answers import data_of
from emis_chat_client.call import Call, as_json, as_text
from emis_chat_client.errors import ChatError, ConnectionFailed, MessageNotFound
from emis_chat_client.keys import with_key
from emis_chat_client.models import Message
from emis_chat_client.retries import Retry

T = TypeVar("T")

FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.05, 1.0


@dataclass(frozen=True)
class Send:
    """One attempt; all attempts of a call are equal, their idempotency key too."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    content: bytes | None


@dataclass(frozen=True)
class Wait:
    seconds: float


Received = httpx.Response | httpx.RequestError | None
Flow = Generator[Send | Wait, Received, T]


def exchange(call: Call[T], retry: Retry) -> Flow[T]:
    """Gives the answer's data; raises ChatError when no attempt is left, or none would help."""
    attempt, send = 0, attempt_of(call)
    while True:
        attempt += 1
        received = yield send
        outcome = _outcome(received, call)
        if not isinstance(outcome, ChatError):
            return outcome
        pause_seconds = retry.pause_seconds(outcome, attempt)
        if pause_seconds is None:
            raise outcome
        yield Wait(pause_seconds)


def outcome_of(
    message_id: str,
    retry: Retry,
    *,
    within_seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> Flow[Message]:
    """Asks until the message is stored or has failed; as it is then, `Sending` after that time.

    A look that has begun by then goes through all its attempts. A message that was accepted a moment
    ago may be unknown until it is stored, when the service's Redis is away. Raises MessageNotFound
    when it still is after that time. `clock` gives seconds.
    """
    end, pause_seconds = clock() + within_seconds, FIRST_LOOK_SECONDS
    while True:
        try:
            message = yield from exchange(calls.get_message(message_id), retry)
            if message.status != "Sending" or clock() >= end:
                return message
        except MessageNotFound:
            if clock() >= end:
                raise
        yield Wait(pause_seconds)
        pause_seconds = min(LONGEST_LOOK_SECONDS, 2 * pause_seconds)


def attempt_of(call: Call[T]) -> Send:
    """What is sent, once and for all attempts. Raises ValueError for a naive time."""
    body, key = call.body, call.idempotency_key
    if call.method == "POST" and key is None:
        body, key = with_key(body)
    headers = {"Idempotency-Key": key} if key is not None else {}
    content = None
    if body is not None:
        content = msgspec.json.encode({name: as_json(value) for name, value in body.items()})
        headers["Content-Type"] = "application/json"
    if call.upload is not None:
        file = (call.upload.file_name, call.upload.content)
        form = httpx.Request("POST", "http://form", data=dict(body or {}), files={"file": file})
        headers["Content-Type"] = form.headers["Content-Type"]
        content = form.read()
    return Send(
        method=call.method,
        path=call.path,
        query={name: as_text(value) for name, value in call.query.items() if value is not None},
        headers=headers,
        content=content,
    )


def _outcome(received: Received, call: Call[T]) -> T | ChatError:
    if isinstance(received, httpx.Response):
        return data_of(received, call.data_type)
    failed = ConnectionFailed(f"{call.method} {call.path}: {received!r}")
    failed.__cause__ = received
    return failed

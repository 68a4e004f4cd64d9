"""Texts sent at their times whether earlier ones are answered or not, and their live events heard.

One event loop and no threads: what the generator takes of the two cores, the product lacks.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import hiredis
import msgspec
from typing_extensions import override

from bench.api import Server
from bench.stage import TEXT, USER
from bench.waiting import BenchFailed

HEARD_SECONDS = 30.0
LOOK_SECONDS = 0.5


class Answer(NamedTuple):
    """Times are of the monotonic clock, in seconds; `due` is when the request had to begin."""

    message_id: str
    due: float
    answered: float


class Ears(asyncio.Protocol):
    """Hears every live event on the realtime bus, and notes when each message came."""

    def __init__(self) -> None:
        self.heard: dict[str, float] = {}
        self._replies = hiredis.Reader()

    @classmethod
    async def listening(cls, redis_url: str) -> "Ears":
        redis = urlsplit(redis_url)
        transport, ears = await asyncio.get_running_loop().create_connection(
            cls, redis.hostname or "127.0.0.1", redis.port or 6379
        )
        transport.write(b"PSUBSCRIBE realtime:conversation:*\r\n")
        return ears

    @override
    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._replies.feed(data)
        while reply := self._replies.gets():
            if reply[0] == b"pmessage":
                for event in _decode_events(reply[3]):
                    if event.event == "ReceiveMessage":
                        self.heard[event.data.message_id] = now

    async def wait_for(self, answers: Sequence[Answer]) -> None:
        """Until all are heard, at most 30 s: a live event is a hint, which a slow Redis costs."""
        end = time.monotonic() + HEARD_SECONDS
        while self.count_lost(answers) and time.monotonic() < end:
            await asyncio.sleep(LOOK_SECONDS)

    def count_lost(self, answers: Sequence[Answer]) -> int:
        return sum(each.message_id not in self.heard for each in answers)

    def seconds_until_heard(self, answer: Answer) -> float:
        """From when the request was due; one that was never heard took 30 s."""
        heard = self.heard.get(answer.message_id)
        return HEARD_SECONDS if heard is None else heard - answer.due


class Sender:
    """Keep-alive connections to the API; each carries one request at a time.

    Conversations are drawn by Zipf's law, the first the most often.
    """

    def __init__(
        self,
        server: Server,
        headers: Mapping[str, str],
        rooms: Sequence[str],
        *,
        zipf_exponent: float,
        dice: random.Random,
    ) -> None:
        self._port = server.port
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._head = f"POST /api/v1/messages/text HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}"
        self._rooms, self._dice = rooms, dice
        weights = [1 / rank**zipf_exponent for rank in range(1, len(rooms) + 1)]
        self._weights = list(accumulate(weights))

    async def send(self, per_second: int, seconds: int, *, connections: int) -> list[Answer]:
        """As a Poisson process. Raises BenchFailed for an answer that is not 200."""
        lines = _Lines()
        await lines.open(self._port, connections)
        due, end = time.monotonic(), time.monotonic() + seconds
        while due < end and lines.failure is None:
            await asyncio.sleep(due - time.monotonic())
            lines.ask(due, self._request())
            due += self._dice.expovariate(per_second)
        answers = await lines.all_answers()
        lines.close()
        return answers

    def _request(self) -> bytes:
        [room] = self._dice.choices(self._rooms, cum_weights=self._weights)
        body = msgspec.json.encode({"conversationId": room, "senderId": USER, "content": TEXT})
        return f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class _Lines:
    """The connections of one send: requests wait here until one is free."""

    def __init__(self) -> None:
        self.failure: str | None = None
        self._answers: list[Answer] = []
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._free: deque[_Line] = deque()
        self._all: list[_Line] = []
        self._moved = asyncio.Event()

    async def open(self, port: int, count: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            _, line = await loop.create_connection(lambda: _Line(self), "127.0.0.1", port)
            self._all.append(line)
        self._free += self._all

    def ask(self, due: float, request: bytes) -> None:
        if self._free:
            self._free.popleft().ask(due, request)
        else:
            self._waiting.append((due, request))

    def on_answer(self, line: "_Line", answer: Answer) -> None:
        self._answers.append(answer)
        if self._waiting:
            line.ask(*self._waiting.popleft())
        else:
            self._free.append(line)
        self._moved.set()

    def on_failure(self, what: str) -> None:
        self.failure = self.failure or what
        self._moved.set()

    async def all_answers(self) -> list[Answer]:
        while self.failure is None and (self._waiting or len(self._free) < len(self._all)):
            self._moved.clear()
            await self._moved.wait()
        if self.failure is not None:
            raise BenchFailed(self.failure)
        return self._answers

    def close(self) -> None:
        for line in self._all:
            line.close()


class _Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, lines: _Lines) -> None:
        self._lines = lines
        self._due = 0.0
        self._received = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, due: float, request: bytes) -> None:
        self._due = due
        self._transport.write(request)

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        head, is_whole, body = self._received.partition(b"\r\n\r\n")
        if not is_whole or len(body) < _content_length(head):
            return
        self._received = b""
        if head.startswith(b"HTTP/1.1 200"):
            message_id = _decode_answer(body).data.message_id
            self._lines.on_answer(self, Answer(message_id, self._due, time.monotonic()))
        else:
            self._lines.on_failure(f"an answer is not 200: {head!r} {body!r}")

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._lines.on_failure(f"the API closed a connection: {exc}")

    def close(self) -> None:
        self._transport.abort()


class _Data(msgspec.Struct, rename="camel"):
    message_id: str = ""


class _Event(msgspec.Struct):
    event: str
    data: _Data


class _Envelope(msgspec.Struct):
    data: _Data


_decode_events = msgspec.json.Decoder(list[_Event]).decode
_decode_answer = msgspec.json.Decoder(_Envelope).decode


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    raise BenchFailed(f"an answer without Content-Length: {head!r}")

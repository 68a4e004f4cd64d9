"""`python -m bench.steady`: a school's day in four minutes. 500 messages a second for two minutes,
then 1,000, by HTTP into 10,000 conversations chosen by Zipf's law, through everything.

Requests begin at times of a Poisson process, whether the earlier ones are answered or not, and
their times count from there. A message counts as stored when its live event is heard, which the
consumer sends after the conversation was updated. The cache's time to live is one minute, so that
all of it expires on the way. Sender, listener and meter share a clock, and so a module.
"""

import argparse
import asyncio
import random
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.request import urlopen

import msgspec
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from bench import report
from bench.api import PRODUCT_SETTINGS, Server, headers_of, serving
from bench.report import Bar, Measured
from bench.stage import TEXT, USER, Consumer, Stage, running_stack, server_pids
from bench.usage import CpuMeter, Pids, peak_rss_mib
from bench.waiting import BenchFailed, say, wait_until
from consumers.arguments import whole_number
from consumers.errors import RetryLater
from consumers.lag import LagReader
from devstack import Stack, StackError, ports

ROOMS = 10_000
ZIPF_EXPONENT = 1.5
"""With 1.0 a minute's 30,000 messages go to some 6,500 of the 10,000 conversations: no cache can
know more than four fifths of them before."""
WARM_UP_SECONDS = 40
"""At the first rate, but no longer than a rate is measured: Kafka's compilers and ours get ready."""
RATES = (500, 1_000)
CONNECTIONS = 64
CACHE_TTL_MINUTES = 1
HEARD_SECONDS = 30.0

RATE, LAG, HITS = "messages/s", "most lag", "cache hits %"
CPU, RSS = "CPU s/1,000 messages: ", "RSS MiB: "
BARS = [
    Bar(f"{RATES[0]} a second", "stored p99 ms", at_most=100),
    Bar(f"{RATES[0]} a second", HITS, at_least=95),
    Bar(f"{RATES[0]} a second", "accepted p99 ms", at_most=50),
]


class Answer(NamedTuple):
    """Times are of the monotonic clock, in seconds; `due` is when the request had to begin."""

    message_id: str
    due: float
    answered: float


class _Data(msgspec.Struct, rename="camel"):
    message_id: str


class _Envelope(msgspec.Struct):
    data: _Data


_decode_answer = msgspec.json.Decoder(_Envelope).decode


class Ears:
    """Hears every live event on the realtime bus, and notes when each message came."""

    def __init__(self, redis_url: str) -> None:
        self.heard: dict[str, float] = {}
        self._redis = Redis.from_url(redis_url, socket_timeout=None)
        self._bus = self._redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]  # redis-py's own
        self._bus.psubscribe(**{"realtime:conversation:*": self._hear})
        self._thread = self._bus.run_in_thread(sleep_time=0.1, daemon=True)

    def _hear(self, message: dict[str, Any]) -> None:
        now = time.monotonic()
        for event in msgspec.json.decode(message["data"]):
            if event["event"] == "ReceiveMessage":
                self.heard[event["data"]["messageId"]] = now

    def close(self) -> None:
        self._thread.stop()
        self._thread.join()
        self._redis.close()


class Sender:
    """Keep-alive connections to the API; each carries one request at a time."""

    def __init__(
        self,
        server: Server,
        headers: dict[str, str],
        rooms: Sequence[str],
        zipf_exponent: float,
    ) -> None:
        self._port = server.port
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._head = f"POST /api/v1/messages/text HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}"
        self._rooms = rooms
        weights = [1 / rank**zipf_exponent for rank in range(1, len(rooms) + 1)]
        self._weights = list(accumulate(weights))

    async def send(self, per_second: int, seconds: int, dice: random.Random) -> list[Answer]:
        """Raises BenchFailed for an answer that is not 200."""
        waiting: asyncio.Queue[float | None] = asyncio.Queue()
        answers: list[Answer] = []
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(self._work(waiting, answers, dice))
            due, end = time.monotonic(), time.monotonic() + seconds
            while due < end:
                await asyncio.sleep(due - time.monotonic())
                waiting.put_nowait(due)
                due += dice.expovariate(per_second)
            for _ in range(CONNECTIONS):
                waiting.put_nowait(None)
        return answers

    async def _work(
        self,
        waiting: "asyncio.Queue[float | None]",
        answers: list[Answer],
        dice: random.Random,
    ) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        while (due := await waiting.get()) is not None:
            [room] = dice.choices(self._rooms, cum_weights=self._weights)
            writer.write(self._request(room))
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(_content_length(head))
            if not head.startswith(b"HTTP/1.1 200"):
                raise BenchFailed(f"an answer is not 200: {head!r} {body!r}")
            answers.append(Answer(_decode_answer(body).data.message_id, due, time.monotonic()))
        writer.close()
        await writer.wait_closed()

    def _request(self, room: str) -> bytes:
        body = msgspec.json.encode({"conversationId": room, "senderId": USER, "content": TEXT})
        return f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 measured (bars that are missed are told), 1 refused or failed, 2 arguments."""
    options = _parser().parse_args(arguments)
    try:
        with running_stack("bench-steady") as stack, TemporaryDirectory() as folder:
            measured = [
                each
                for number in range(1, options.rounds + 1)
                for each in _round(stack, Path(folder), options.seconds, options.zipf, number)
            ]
    except (BenchFailed, StackError, RetryLater) as error:
        say(f"error: {error}")
        return 1
    command = (
        f"python -m bench.steady --rounds {options.rounds} --seconds {options.seconds}"
        f" --zipf {options.zipf}"
    )
    report.finish(
        measured, BARS, options, command=command, drawn=["accepted p99 ms", "stored p99 ms"]
    )
    return 0


def _round(
    stack: Stack, folder: Path, seconds: int, zipf_exponent: float, number: int
) -> Iterator[Measured]:
    stage = Stage(stack.env(), folder)
    stage.environment["CACHE_TTL_MINUTES"] = str(CACHE_TTL_MINUTES)
    rooms = stage.prepare(ROOMS)
    dice = random.Random(number)
    with ExitStack() as within:
        server = within.enter_context(
            serving(stage.environment, PRODUCT_SETTINGS, folder / "api.log")
        )
        consumer = stage.consumer("consumer", METRICS_PORT=str(ports.free_port(taken=())))
        within.callback(consumer.stop)
        ears = Ears(stack.env()["REDIS_URL"])
        within.callback(ears.close)
        headers = headers_of(stage.environment)
        server.wait_until_it_answers(headers)
        sender = Sender(server, headers, rooms, zipf_exponent)
        sent = len(asyncio.run(sender.send(RATES[0], min(WARM_UP_SECONDS, seconds), dice)))
        for per_second in RATES:
            meter = _Meter(stage, stack, server, consumer)
            with meter.watching_lag():
                answers = asyncio.run(sender.send(per_second, seconds, dice))
            sent += len(answers)
            _wait_until_heard(answers, ears)
            yield Measured(f"{per_second:,} a second", meter.figures(answers, ears.heard, seconds))
        stage.check_stored(sent)
    stage.close()


class _Meter:
    """What is used and counted from its making on."""

    def __init__(self, stage: Stage, stack: Stack, server: Server, consumer: Consumer) -> None:
        self._stage, self._server = stage, server
        self._pids: Pids = {
            "API": [server.pid],
            "consumer": [consumer.pid],
            **server_pids(stack),
        }
        self._cpu = CpuMeter(self._pids)
        self._cache = _cache_requests(server)
        self._most_lag = 0

    @contextmanager
    def watching_lag(self) -> Iterator[None]:
        """Asks once a second, from outside the group."""
        ended = threading.Event()

        def watch() -> None:
            reader = LagReader(self._stage.kafka, self._stage.group_id)
            while not ended.wait(1):
                lag = sum(each.lag for each in reader.read([self._stage.topic]))
                self._most_lag = max(self._most_lag, lag)
            reader.close()

        thread = threading.Thread(target=watch, name="lag")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def figures(
        self, answers: Sequence[Answer], heard: dict[str, float], seconds: int
    ) -> report.Figures:
        accepted = sorted((each.answered - each.due) * 1_000 for each in answers)
        stored = sorted((heard[each.message_id] - each.due) * 1_000 for each in answers)
        now = _cache_requests(self._server)
        hits, others = (now[kind] - self._cache[kind] for kind in ("hit", "other"))
        return {
            RATE: len(answers) / seconds,
            **_percentiles("accepted", accepted),
            **_percentiles("stored", stored),
            HITS: 100 * hits / (hits + others),
            LAG: self._most_lag,
            **{
                f"{CPU}{name}": used / len(answers) * 1_000
                for name, used in self._cpu.seconds().items()
            },
            **{f"{RSS}{name}": mib for name, mib in peak_rss_mib(self._pids).items()},
        }


def _percentiles(what: str, ascending: Sequence[float]) -> report.Figures:
    return {
        f"{what} p{percent} ms": ascending[min(len(ascending) - 1, len(ascending) * percent // 100)]
        for percent in (50, 95, 99)
    }


def _wait_until_heard(answers: Sequence[Answer], ears: Ears) -> None:
    wait_until(
        lambda: all(each.message_id in ears.heard for each in answers),
        "the live events of all messages are heard",
        seconds=HEARD_SECONDS,
        every_seconds=0.5,
    )


def _cache_requests(server: Server) -> dict[str, float]:
    with urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10) as page:  # our own server
        text = page.read().decode()
    counted = {"hit": 0.0, "other": 0.0}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "cache_requests_total":
                result = "hit" if sample.labels["result"] == "hit" else "other"
                counted[result] += sample.value
    return counted


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    raise BenchFailed(f"an answer without Content-Length: {head!r}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.steady",
        description="Measures acceptance, storage and the cache at 500 and 1,000 messages/s."
        " Exit 1: something failed, or what is stored is not what was acknowledged.",
    )
    report.add_options(parser)
    parser.add_argument(
        "--seconds", type=whole_number(1, 3_600), default=120, help="of each rate (%(default)s)"
    )
    parser.add_argument(
        "--zipf", type=float, default=ZIPF_EXPONENT, help="exponent of Zipf's law (%(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

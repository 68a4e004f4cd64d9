"""What no attempt can help is told at once; what arrives damaged is tried again as what did not arrive."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import msgspec
import pytest

from emis_chat_client import Client, Retry, calls, errors
from emis_chat_client.call import Call
from emis_chat_client.exchange import attempt_of
from tests.clients.conftest import Blocking

NAIVE = datetime(2025, 11, 7, 17)  # noqa: DTZ001  # what is refused
HANOI = timezone(timedelta(hours=7))


class Garbled(BaseHTTPRequestHandler):
    """Says that its answer is gzipped, which it is not."""

    asked = 0

    def do_GET(self) -> None:  # the name that http.server calls
        type(self).asked += 1
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(b"no gzip")

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Garbled)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    Garbled.asked = 0
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=[Client, Blocking], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest, url: str) -> Iterator[Callable[[Any], Any]]:
    """A client of either kind without pauses: `connect(token)`."""
    made: list[Any] = []
    retry = Retry(attempts=3, first_pause_seconds=0)

    def connected(token: Any) -> Any:
        made.append(request.param(url, token, retry=retry))
        return made[-1]

    yield connected
    for client in made:
        client.close()


@pytest.mark.parametrize(
    "call",
    [
        calls.get_history("c", before_timestamp=NAIVE),
        calls.search_messages("c", search_term="a", from_date=NAIVE),
        calls.mute_conversation("c", muted_until=NAIVE),
    ],
    ids=lambda call: f"{call.method} {call.path}",
)
def test_a_time_without_a_zone_is_refused(call: Call[Any]) -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        attempt_of(call)


def test_a_time_of_any_zone_is_the_same_in_a_body_and_in_a_query() -> None:
    moment = datetime(2025, 11, 7, 17, tzinfo=HANOI)

    mute = attempt_of(calls.mute_conversation("c", muted_until=moment))
    history = attempt_of(calls.get_history("c", before_timestamp=moment))

    assert msgspec.json.decode(mute.content or b"") == {"mutedUntil": "2025-11-07T10:00:00.000Z"}
    assert history.query == {"beforeTimestamp": "2025-11-07T10:00:00.000Z"}


@pytest.mark.parametrize("token", ["s3\ncret", "s3cret\n", "", " s3cret", "s3crét"], ids=ascii)
def test_a_token_that_fits_into_no_header_is_refused(
    connect: Callable[[Any], Any], token: str
) -> None:
    asked: list[None] = []

    def give() -> str:
        asked.append(None)
        return token

    with pytest.raises(ValueError, match="visible ASCII") as caught:
        connect(give).get_message("m")

    assert (len(asked), Garbled.asked) == (1, 0)
    assert "s3" not in str(caught.value), "a token is a secret"


def test_a_key_that_fits_into_no_header_is_not_tried_again(connect: Callable[[Any], Any]) -> None:
    asked: list[None] = []

    def give() -> str:
        asked.append(None)
        return "token"

    with pytest.raises(errors.ConnectionFailed) as caught:
        connect(give).leave_conversation("c", idempotency_key="a\nb")

    assert isinstance(caught.value.__cause__, httpx.LocalProtocolError)
    assert len(asked) == 1


def test_an_answer_that_cannot_be_decoded_is_tried_again_and_then_a_chat_error(
    connect: Callable[[Any], Any],
) -> None:
    with pytest.raises(errors.ConnectionFailed) as caught:
        connect("token").get_message("m")

    assert isinstance(caught.value.__cause__, httpx.DecodingError)
    assert Garbled.asked == 3

"""What only a real gunicorn shows: chunked bodies, large ones, counters of several workers."""

import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from chat_project.settings.environment import environment
from tests.api.conftest import Served
from tests.waiting import wait_until

MEBIBYTE = 1024 * 1024
LENGTH = "/api/v1/probe/length"


def note(size: int) -> bytes:
    return json.dumps({"content": "x" * size}).encode()


def in_chunks(body: bytes, size: int = 10_000) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def post(served: Served, body: bytes | Iterator[bytes]) -> httpx.Response:
    headers = {"Content-Type": "application/json"}
    return httpx.post(served.url + LENGTH, content=body, headers=headers, timeout=30)


@pytest.mark.parametrize("size", [0, 5, 100_000, MEBIBYTE - 20])
def test_a_chunked_body_is_read(served: Served, size: int) -> None:
    answer = post(served, in_chunks(note(size)))

    assert (answer.status_code, answer.json()["data"]) == (200, size)
    assert answer.headers["Content-Length"] == str(len(answer.content)), "and answered in one piece"


@pytest.mark.parametrize("size", [MEBIBYTE, 3 * MEBIBYTE, 33 * MEBIBYTE])
@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "with a length"])
def test_the_client_sees_the_413_after_sending_a_body_over_the_limit(
    served: Served, size: int, chunked: bool
) -> None:
    if size > 32 * MEBIBYTE and not chunked:
        size = 32 * MEBIBYTE - 100
    body = note(size)

    answer = post(served, in_chunks(body) if chunked else body)

    assert answer.status_code == 413
    assert answer.json()["error"]["details"] == {"limitBytes": MEBIBYTE}


@pytest.mark.parametrize(
    ("path", "status"), [(LENGTH, 413), ("/api/v1/probe/note", 401), ("/api/v1/nothing", 404)]
)
def test_a_client_that_reads_only_after_sending_everything_sees_the_refusal(
    served: Served, path: str, status: int
) -> None:
    body = note(12 * MEBIBYTE)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as connection:
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = connection.recv(4_096).decode()

    assert answer.startswith(f"HTTP/1.1 {status} ")


def test_a_broken_chunk_is_no_crash(served: Served) -> None:
    head = f"POST {LENGTH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    broken = head + "Transfer-Encoding: chunked\r\n\r\nnot-a-size\r\n"
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(broken.encode())
        answer = connection.recv(4_096).decode()

    assert answer.startswith("HTTP/1.1 400 ")
    assert "Traceback" not in served.log.read_text()


def test_a_connection_is_kept_for_the_next_request(served: Served) -> None:
    with httpx.Client(base_url=served.url) as client:
        answers = [
            client.post(
                LENGTH, content=in_chunks(note(n)), headers={"Content-Type": "application/json"}
            )
            for n in range(3)
        ]
        streams = {id(answer.extensions["network_stream"]) for answer in answers}

    assert [answer.json()["data"] for answer in answers] == [0, 1, 2]
    assert len(streams) == 1


def test_a_body_that_nobody_needs_does_not_end_the_connection(served: Served) -> None:
    connection = HTTPConnection("127.0.0.1", served.port, timeout=30)
    with closing(connection):
        for _ in range(2):
            connection.request("GET", "/api/v1/probe/dates", body=bytes(2 * MEBIBYTE))
            answer = connection.getresponse()
            assert (answer.status, answer.headers["Connection"]) == (200, "keep-alive")
            answer.read()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/probe/dates", 200),
        ("/api/v1/nothing", 404),
        ("/api/v1/probe/whoami", 401),
        ("/health/live", 200),
        ("/swagger", 200),
    ],
)
def test_head_answers_the_head_of_get_alone(served: Served, path: str, status: int) -> None:
    with httpx.Client(base_url=served.url) as client:
        head, got = client.head(path), client.get(path)

    assert (head.status_code, head.content) == (status, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"]
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    assert "body bytes" not in served.log.read_text()


def test_the_workers_count_together(served: Served) -> None:
    def counted() -> int:
        text = httpx.get(served.url + "/metrics").text
        found = re.search(
            r'http_request_duration_seconds_count\{endpoint="/health/live",method="GET",.*\} (\d+)',
            text,
        )
        return int(float(found[1])) if found else 0

    before = counted()
    for _ in range(20):
        httpx.get(served.url + "/Health/Live/")

    assert wait_until(lambda: counted() == before + 20, "twenty more requests")


def test_every_outcome_of_a_text_is_exported_before_it_happens(served: Served) -> None:
    text = httpx.get(served.url + "/metrics").text

    statuses = re.findall(r'^messages_sent_total\{status="(\w+)"\} (\S+)$', text, re.MULTILINE)
    assert dict(statuses) == dict.fromkeys(("accepted", "refused", "unavailable"), "0.0")


def test_unknown_methods_and_paths_do_not_grow_the_metrics(served: Served) -> None:
    httpx.request("BREW", served.url + "/coffee/1")
    httpx.request("BREW", served.url + "/coffee/2")

    text = httpx.get(served.url + "/metrics").text
    assert 'endpoint="unmatched",method="other",status="404"' in text
    assert "coffee" not in text


def test_requests_are_not_logged_with_their_query(served: Served) -> None:
    httpx.get(served.url + "/health/live?access_token=secret-of-a-user")
    httpx.get(served.url + "/nothing?access_token=secret-of-a-user")

    assert "secret-of-a-user" not in served.log.read_text()


def test_the_process_opens_no_control_socket(served: Served) -> None:
    assert "Control socket" not in served.log.read_text()
    workers = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text()
    assert len(workers.split()) == environment().web_concurrency


def test_where_the_workers_fill_the_machine_each_stays_on_a_processor_of_its_own(
    served: Served,
) -> None:
    def processors() -> list[set[int]]:
        task = Path(f"/proc/{served.process.pid}/task/{served.process.pid}")
        return [os.sched_getaffinity(int(pid)) for pid in (task / "children").read_text().split()]

    all_of_them = os.sched_getaffinity(0)
    if len(all_of_them) > environment().web_concurrency:
        assert processors() == [all_of_them] * environment().web_concurrency
        return
    wait_until(lambda: all(len(each) == 1 for each in processors()), "each worker has chosen")
    assert set.union(*processors()) == all_of_them

"""Line breaks in ids, names and headers: no log line and no header is made by a client."""

import logging
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from chat_project import logs
from chat_project.log_files import DayFile
from tests.api.conftest import Served, served
from tests.conftest import Api
from tests.messaging.conftest import SignIn
from tests.security.conftest import Room
from tests.security.rows import ROWS, Target, call

__all__ = ["served"]

FORGED_LINE = "2025-11-07 10:00:00.123 [INFO] Successfully processed message forged in 1ms"
BREAKS = ["\r\n", "\n", "\r", "\x85", "\u2028", "\x1b[2K\r", "\x0b"]
FORGERIES = [f"a{line_break}X-Forged: yes{line_break}{FORGED_LINE}" for line_break in BREAKS]
every_forgery = pytest.mark.parametrize("forgery", FORGERIES, ids=[repr(each) for each in BREAKS])

LINE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \[[A-Z]+\] ")


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder into which everything is logged, from DEBUG on."""
    day_file = DayFile(tmp_path / "logs")
    monkeypatch.setattr(logs, "_day_file", day_file)
    logs.configure({"format": "console"})
    logging.getLogger("django").setLevel(logging.DEBUG)
    yield tmp_path / "logs"
    day_file.close()
    monkeypatch.undo()
    logs.configure({"format": "console"})


def forged_lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(FORGED_LINE[:30])]


def written(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.glob("*.log")))


def assert_nothing_is_forged(response: Any, folder: Path) -> None:
    assert response.status_code < 500, response.content
    assert "X-Forged" not in response.headers
    for name, value in response.headers.items():
        assert not re.search(r"[\r\n]", f"{name}{value}"), name
    assert forged_lines(written(folder)) == []


@pytest.mark.parametrize("endpoint", ROWS)
def test_nothing_is_forged_by_ids_in_paths_and_bodies(room: Room, log: Path, endpoint: str) -> None:
    for forgery in FORGERIES:
        target = Target(**dict.fromkeys(Target._fields, forgery))
        assert_nothing_is_forged(call(room.teacher, endpoint, target), log)


@every_forgery
@pytest.mark.parametrize(
    "header", ["User-Agent", "X-Request-ID", "Idempotency-Key", "Accept", "X-Forwarded-For", "Host"]
)
def test_nothing_is_forged_by_a_header(room: Room, log: Path, header: str, forgery: str) -> None:
    for path in ("/api/v1/messages/" + room.target.message_id, "/api/v1/nothing"):
        response = room.teacher.client.get(path, headers={header: forgery})
        assert_nothing_is_forged(response, log)
        assert "forged" not in response.headers["X-Request-ID"]


@every_forgery
def test_nothing_is_forged_by_paths_and_queries_that_nothing_answers(
    room: Room, log: Path, forgery: str
) -> None:
    for path in (f"/api/v1/{quote(forgery)}", f"/{quote(forgery)}?{urlencode({'a': forgery})}"):
        assert_nothing_is_forged(room.teacher.client.get(path), log)
        assert_nothing_is_forged(room.teacher.client.post(path), log)


@every_forgery
def test_nothing_is_forged_by_names_and_texts(
    room: Room, api: SignIn, log: Path, forgery: str
) -> None:
    user: Api = api(name=forgery)
    for body in (
        {"name": forgery},
        {"name": "a", "teachers": [{"userId": "b", "userName": forgery}]},
    ):
        response = user.post("/api/v1/conversations/teacher-group", body)
        assert_nothing_is_forged(response, log)


@every_forgery
def test_a_line_of_the_log_is_one_line_whatever_is_in_its_text(
    log: Path, capsys: pytest.CaptureFixture[str], forgery: str
) -> None:
    logging.getLogger("x").warning("Kafka: %s", forgery)
    logs.structlog.get_logger("x").warning("Kafka", reason=forgery)

    lines = written(log).splitlines()
    assert len(lines) == 2, lines
    assert all(LINE.match(line) for line in lines)
    assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize(
    "head",
    [
        f"GET /api/v1/a HTTP/1.1\r\nHost: localhost\r\nX-A: b\n{FORGED_LINE}\r\n\r\n",
        f"GET /api/v1/a HTTP/1.1\r\nHost: localhost\r\nX-A: b\r{FORGED_LINE}\r\n\r\n",
        f"GET /api/v1/a\n{FORGED_LINE} HTTP/1.1\r\nHost: localhost\r\n\r\n",
        f"GET /api/v1/a HTTP/1.1\r\nHost: localhost\r\nUser-Agent: b\x00{FORGED_LINE}\r\n\r\n",
        f"GET /api/v1/a HTTP/1.1\r\nHost: localhost\r\n{FORGED_LINE}\r\n\r\n",
        f"G\n{FORGED_LINE} / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
    ids=["LF in a header", "CR in a header", "LF in the path", "NUL", "no header", "method"],
)
def test_a_broken_request_forges_nothing_in_the_servers_log(served: Served, head: str) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(65_536).decode()

    assert answer.startswith("HTTP/1.1 4")
    assert "forged" not in answer.partition("\r\n\r\n")[0]
    assert forged_lines(served.log.read_text()) == []


def raw(served: Served, request: str) -> str:
    """Everything that the server sends until it closes the connection, or is quiet."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(65_536):
            answer += chunk
    return answer.decode()


SMUGGLED = "GET /api/v1/probe/whoami HTTP/1.1\r\nHost: localhost\r\n\r\n"
BOTH_LENGTHS = {
    "both lengths": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": "Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "a length with a sign": "Content-Length: +5\r\n\r\n",
    "an unknown coding": "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a coding with a tab": "Transfer-Encoding:\tchunked, identity\r\n\r\n0\r\n\r\n",
    "two codings": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("head", BOTH_LENGTHS.values(), ids=BOTH_LENGTHS.keys())
def test_no_second_request_is_smuggled_in_a_body(served: Served, head: str) -> None:
    first = (
        "POST /api/v1/probe/note HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    )

    answer = raw(served, f"{first}{head}{SMUGGLED}")

    assert answer.startswith(("HTTP/1.1 4", "HTTP/1.1 501"))
    assert answer.count("HTTP/1.1") == 1


def test_of_two_tokens_none_counts(served: Served, api: SignIn) -> None:
    good, other = api().token, api().token
    request = "GET /api/v1/probe/whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"

    one = raw(served, f"{request}Authorization: Bearer {good}\r\n\r\n")
    two = raw(
        served,
        f"{request}Authorization: Bearer {good}\r\nAuthorization: Bearer {other}\r\n\r\n",
    )

    assert one.startswith("HTTP/1.1 200")
    assert two.startswith(("HTTP/1.1 400", "HTTP/1.1 401"))


@pytest.mark.parametrize("header", ["Remote_User", "REMOTE-USER", "Auth_User", "User_Id"])
def test_no_header_of_a_proxy_signs_anybody_in(served: Served, header: str) -> None:
    request = "GET /api/v1/probe/whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"

    assert raw(served, f"{request}{header}: admin\r\n\r\n").startswith("HTTP/1.1 401")

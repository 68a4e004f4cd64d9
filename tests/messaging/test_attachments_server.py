"""Attachments on a real gunicorn: whole files, in chunks, and refusals that clients see."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from conversations.values import ConversationSettings
from tests.api.conftest import Served, serving
from tests.conftest import Api
from tests.messaging.attached import ATTACHMENT, MEGABYTE, form, mp4, picture
from tests.messaging.conftest import records_in
from tests.waiting import wait_until

VIDEO = mp4(b"vide", b"soun", padding=25 * MEGABYTE - 1_000)


class Running:
    def __init__(self, served: Served, folder: Path) -> None:
        self.url = served.url
        self.folder = folder
        self.log = served.log

    def send(self, user: Api, body: bytes | Iterator[bytes], content_type: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {user.token}", "Content-Type": content_type}
        return httpx.post(self.url + ATTACHMENT, content=body, headers=headers, timeout=30)

    def incoming(self) -> list[Path]:
        return list((self.folder / "incoming").iterdir())


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("attachments")
    log = tmp_path_factory.mktemp("gunicorn") / "log"
    with serving(log, ATTACHMENT_FOLDER=str(folder)) as served:
        yield Running(served, folder)


def in_chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 50_000):
        yield body[start : start + 50_000]


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "with a length"])
def test_the_largest_file_comes_back_as_it_was(
    mai: Api, group: ConversationSettings, running: Running, *, chunked: bool
) -> None:
    body, content_type = form(VIDEO, {"conversationId": group.id})

    sent = running.send(mai, in_chunks(body) if chunked else body, content_type)

    (attachment,) = sent.json()["data"]["attachments"]
    got = httpx.get(running.url + attachment["url"])
    assert got.content == VIDEO
    assert got.headers["Content-Length"] == str(len(VIDEO))
    part = httpx.get(running.url + attachment["url"], headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, VIDEO[100:200])
    head = httpx.head(running.url + attachment["url"])
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(VIDEO)))
    assert "body bytes" not in running.log.read_text()
    assert running.incoming() == []


def test_a_client_that_sends_too_much_sees_why(
    mai: Api, group: ConversationSettings, running: Running
) -> None:
    for size in (25 * MEGABYTE + 1, 30 * MEGABYTE):
        body, content_type = form(VIDEO + bytes(size - len(VIDEO)), {"conversationId": group.id})
        answer = running.send(mai, body, content_type)
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] in ("attachment_too_large", "request_too_large")
    assert (records_in(group.id), running.incoming()) == ([], [])


def test_a_connection_that_breaks_leaves_nothing_behind(
    mai: Api, group: ConversationSettings, running: Running
) -> None:
    body, content_type = form(picture() + bytes(500_000), {"conversationId": group.id})

    def breaking() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        raise OSError("the phone lost its network")

    headers = {
        "Authorization": f"Bearer {mai.token}",
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
    }
    with pytest.raises(OSError, match="lost its network"):
        httpx.post(running.url + ATTACHMENT, content=breaking(), headers=headers, timeout=30)

    wait_until(lambda: running.incoming() == [], "the upload is gone")
    assert records_in(group.id) == []


def test_workers_share_the_folder(mai: Api, group: ConversationSettings, running: Running) -> None:
    body, content_type = form(picture(), {"conversationId": group.id})
    links: list[Any] = [
        running.send(mai, body, content_type).json()["data"]["attachments"][0]["url"]
        for _ in range(4)
    ]

    for link in links * 2:
        assert httpx.get(running.url + link).content == picture()

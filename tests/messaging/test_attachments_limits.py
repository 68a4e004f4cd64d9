"""How many bytes a file, a request and its fields may have, and how much memory they take."""

import tracemalloc
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from conversations.values import ConversationSettings
from messaging.attachments.limits import LIMIT_BYTES, MAX_REQUEST_BYTES
from tests.conftest import Api
from tests.messaging.attached import (
    ATTACHMENT,
    MEGABYTE,
    PDF,
    call,
    files_on_disk,
    form,
    mp4,
    picture,
    refused,
    upload,
    wav,
)
from tests.messaging.conftest import data_of, error_of, records_in

pytestmark = pytest.mark.usefixtures("files")


@pytest.mark.parametrize(
    ("head", "limit", "code"),
    [
        pytest.param(picture(), 10 * MEGABYTE, "image_too_large", id="image"),
        pytest.param(wav(), 10 * MEGABYTE, "audio_too_large", id="audio"),
        pytest.param(PDF, 10 * MEGABYTE, "file_too_large", id="file"),
        pytest.param(mp4(b"vide"), 25 * MEGABYTE, "attachment_too_large", id="video"),
    ],
)
def test_a_file_may_have_so_many_bytes_and_not_one_more(
    mai: Api, group: ConversationSettings, head: bytes, limit: int, code: str
) -> None:
    largest = head + bytes(limit - len(head))

    response = upload(mai, group, largest + b"x")
    assert refused(response) == (413, code)
    assert error_of(response)["details"] == {"field": "file", "limitBytes": limit}
    assert (records_in(group.id), files_on_disk()) == ([], [])

    assert data_of(upload(mai, group, largest))["attachments"][0]["fileSize"] == limit


def test_a_request_that_says_it_is_too_large_is_refused_by_its_word(
    mai: Api, group: ConversationSettings
) -> None:
    body, content_type = form(PDF, {"conversationId": group.id})

    status, answer = call(mai, ATTACHMENT, BytesIO(body), content_type, MAX_REQUEST_BYTES + 1)

    assert (status, answer["error"]["code"]) == (413, "request_too_large")
    assert answer["error"]["details"]["limitBytes"] == MAX_REQUEST_BYTES


def test_memory_stays_flat_while_the_largest_file_is_stored(
    mai: Api, group: ConversationSettings, tmp_path: Path
) -> None:
    data_of(upload(mai, group, mp4(b"vide")))
    body, content_type = form(
        mp4(b"vide", padding=25 * MEGABYTE - 1_000), {"conversationId": group.id}
    )
    (tmp_path / "body").write_bytes(body)
    length = len(body)
    del body

    tracemalloc.start()
    try:
        with (tmp_path / "body").open("rb") as stream:
            status, answer = call(mai, ATTACHMENT, stream, content_type, length)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (status, answer["data"]["type"]) == (200, "Video")
    assert peak < 2 * MEGABYTE


def test_fields_are_no_way_to_fill_the_memory(mai: Api, group: ConversationSettings) -> None:
    assert refused(upload(mai, group, PDF, other="x" * 3 * MEGABYTE)) == (413, "payload_too_large")
    many = {f"field{number}": "x" for number in range(1_100)}
    assert refused(upload(mai, group, PDF, **many)) == (400, "bad_request")
    assert files_on_disk() == []


def test_the_document_names_every_limit(client: Any) -> None:
    paths = client.get("/swagger/v1/swagger.json").json()["paths"]
    described = paths[ATTACHMENT]["post"]

    told = described["responses"]["413"]["description"]
    for kind in (*LIMIT_BYTES, "attachment", "request"):
        assert f"`{kind.lower()}_too_large`" in told
    (content_type,) = described["requestBody"]["content"]
    assert content_type == "multipart/form-data"

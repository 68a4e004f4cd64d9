"""The form in which a file comes: its fields, its names, and what is no such form."""

from io import BytesIO
from typing import Any

import pytest

from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.attached import ATTACHMENT, PDF, call, files_on_disk, form, refused, upload
from tests.messaging.conftest import data_of, records_in

pytestmark = pytest.mark.usefixtures("files")


@pytest.mark.parametrize(
    ("content", "fields", "code"),
    [
        pytest.param(None, {}, "file_missing", id="no file"),
        pytest.param(b"", {}, "file_empty", id="empty file"),
        pytest.param(PDF, {"conversationId": ""}, "invalid_field", id="no conversation"),
        pytest.param(PDF, {"caption": "x" * 5_001}, "content_too_long", id="long caption"),
        pytest.param(PDF, {"caption": "a\0b"}, "content_has_nul", id="NUL"),
        pytest.param(PDF, {"clientMessageId": "ö"}, "invalid_idempotency_key", id="odd key"),
        pytest.param(PDF, {"senderName": "x" * 256}, "name_too_long", id="long name"),
    ],
)
def test_what_a_form_must_be_like(
    mai: Api, group: ConversationSettings, content: bytes | None, fields: Any, code: str
) -> None:
    assert refused(upload(mai, group, content, **fields)) == (400, code)
    assert (records_in(group.id), files_on_disk()) == ([], [])


def test_only_one_file_is_taken(mai: Api, group: ConversationSettings) -> None:
    body, content_type = form(PDF, {"conversationId": group.id})
    twice = body[: body.rindex(b"\r\n--")] + b"\r\n" + body
    other = body.replace(b'name="file"', b'name="picture"')

    for wrong in (twice, other):
        response = mai.client.generic("POST", ATTACHMENT, wrong, content_type)
        assert refused(response) == (400, "one_file")
    assert files_on_disk() == []


def test_a_body_that_breaks_off_is_no_message(mai: Api, group: ConversationSettings) -> None:
    body, content_type = form(PDF * 10_000, {"conversationId": group.id, "caption": "x"})
    for received in (len(body) // 2, len(body) - 3):
        stream = BytesIO(body[:received])
        status, answer = call(mai, ATTACHMENT, stream, content_type, len(body))
        assert (status, answer["error"]["code"]) == (400, "malformed_multipart")
    assert (records_in(group.id), files_on_disk()) == ([], [])


@pytest.mark.parametrize(
    ("content_type", "status", "code"),
    [
        ("application/json", 415, "unsupported_media_type"),
        ("multipart/form-data", 400, "malformed_multipart"),
        ("multipart/form-data; boundary=ö", 400, "malformed_multipart"),
    ],
)
def test_what_is_no_form_is_refused(
    mai: Api, group: ConversationSettings, content_type: str, status: int, code: str
) -> None:
    response = mai.client.generic("POST", ATTACHMENT, b"{}", content_type)

    assert refused(response) == (status, code)


def test_field_names_match_without_case_and_empty_fields_are_absent(
    mai: Api, group: ConversationSettings
) -> None:
    fields = {"ConversationID": group.id.upper(), "senderid": "", "Caption": " ", "other": "x"}
    body, content_type = form(PDF, fields)
    named = body.replace(b'name="file"', b'name="File"')

    message = data_of(mai.client.generic("POST", ATTACHMENT.upper() + "/", named, content_type))

    assert (message["conversationId"], message["content"]) == (group.id, "")


def test_a_name_comes_as_net_sends_it(mai: Api, group: ConversationSettings) -> None:
    both = (
        "filename=\"=?utf-8?B?xJDhu4EgdGhpLnBkZg==?=\"; filename*=utf-8''%C4%90%E1%BB%81%20thi.pdf"
    )
    body, content_type = form(PDF, {"conversationId": group.id}, disposition=both)

    message = data_of(mai.client.generic("POST", ATTACHMENT, body, content_type))

    assert message["attachments"][0]["fileName"] == "Đề thi.pdf"

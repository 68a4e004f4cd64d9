"""A file that is sent: its answer, its record in the log, its type, and what is refused."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.settings.environment import environment
from conversations import services
from conversations.cache import read_record
from conversations.values import ConversationSettings, Role
from messaging.attachments.limits import LIMIT_BYTES, MAX_REQUEST_BYTES
from messaging.events import decode_message_sent
from messaging.identifiers import derived_message_id, fingerprint
from tests.conftest import Api
from tests.conversations.conftest import PrivateRedis
from tests.messaging.attached import (
    ATTACHMENT,
    HTML,
    MEGABYTE,
    PDF,
    SVG,
    body_of,
    call,
    events_of,
    files_on_disk,
    form,
    mp4,
    ogg,
    picture,
    upload,
    wav,
    webm,
    zipped,
)
from tests.messaging.conftest import (
    CLOSED_PORT,
    MESSAGES,
    Calls,
    UseProducer,
    data_of,
    error_of,
    records_in,
)
from tests.messaging.test_text import FIELDS_WHEN_SENDING

pytestmark = pytest.mark.usefixtures("files")


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, error_of(response)["code"]


def test_an_accepted_file_is_answered_as_a_text_is(mai: Api, group: ConversationSettings) -> None:
    response = upload(
        mai, group, PDF, name="Đề thi.pdf", senderId=mai.user_id, caption="Đề thi học kỳ"
    )

    message = data_of(response)
    (attachment,) = message["attachments"]
    assert message == {
        **FIELDS_WHEN_SENDING,
        "messageId": message["messageId"],
        "conversationId": group.id,
        "senderId": mai.user_id,
        "senderName": "Phạm Thị Mai",
        "content": "Đề thi học kỳ",
        "sentAt": message["sentAt"],
        "type": "File",
        "attachments": [attachment],
    }
    assert attachment == {
        "attachmentId": attachment["attachmentId"],
        "fileName": "Đề thi.pdf",
        "fileType": "application/pdf",
        "fileSize": len(PDF),
        "url": attachment["url"],
        "thumbnailUrl": None,
    }
    assert body_of(mai.get(attachment["url"])) == PDF


def test_its_event_names_the_file_and_holds_no_link_that_works(
    mai: Api, group: ConversationSettings
) -> None:
    message = data_of(upload(mai, group, picture(), name="lớp.png"))

    (record,) = records_in(group.id)
    event, _ = decode_message_sent(record.value() or b"")
    (attachment,) = event.attachments or []
    assert (event.message_id, event.type, event.content) == (message["messageId"], "Image", "")
    assert attachment.attachment_id == message["attachments"][0]["attachmentId"]
    assert (attachment.file_name, attachment.file_type) == ("lớp.png", "image/png")
    address = f"/api/v1/attachments/{attachment.attachment_id}"
    assert (attachment.url, attachment.thumbnail_url) == (address, f"{address}/thumbnail")
    assert refused(mai.get(address)) == (403, "link_invalid")


def test_the_digest_counts_the_type_and_the_file(mai: Api, group: ConversationSettings) -> None:
    message = data_of(upload(mai, group, PDF, caption="x"))

    record = read_record(message["messageId"])
    file_id = message["attachments"][0]["attachmentId"]
    sent = fingerprint(group.id, "x", None, [], message_type="File", attachment_ids=[file_id])
    assert record is not None
    assert record.fingerprint == sent.hex()


def test_get_tells_the_type_before_the_message_is_stored(
    mai: Api, group: ConversationSettings
) -> None:
    message = data_of(upload(mai, group, picture()))

    told = data_of(mai.get(MESSAGES + message["messageId"]))
    assert (told["status"], told["type"], told["content"]) == ("Sending", "Image", None)


@pytest.mark.parametrize(
    ("content", "message_type", "file_type"),
    [
        pytest.param(picture("PNG"), "Image", "image/png", id="png"),
        pytest.param(picture("JPEG"), "Image", "image/jpeg", id="jpeg"),
        pytest.param(picture("GIF"), "Image", "image/gif", id="gif"),
        pytest.param(picture("WEBP"), "Image", "image/webp", id="webp"),
        pytest.param(picture("AVIF"), "Image", "image/avif", id="avif"),
        pytest.param(picture("BMP"), "Image", "image/bmp", id="bmp"),
        pytest.param(picture("TIFF"), "Image", "image/tiff", id="tiff"),
        pytest.param(mp4(b"vide", b"soun"), "Video", "video/mp4", id="mp4"),
        pytest.param(mp4(), "Video", "video/mp4", id="mp4 without tracks"),
        pytest.param(mp4(b"soun", padding=100_000), "Audio", "audio/mp4", id="mp4 of sound"),
        pytest.param(webm(b"V_VP9", b"A_OPUS"), "Video", "video/webm", id="webm"),
        pytest.param(webm(b"A_OPUS"), "Audio", "audio/webm", id="webm of sound"),
        pytest.param(ogg(b"OpusHead"), "Audio", "audio/ogg", id="ogg"),
        pytest.param(ogg(b"\x80theora"), "Video", "video/ogg", id="ogg with pictures"),
        pytest.param(wav(), "Audio", "audio/wav", id="wav"),
        pytest.param(b"ID3\3\0\0\0\0\0\0" + bytes(300), "Audio", "audio/mpeg", id="mp3"),
        pytest.param(PDF, "File", "application/pdf", id="pdf"),
        pytest.param(zipped("a.txt"), "File", "application/zip", id="zip"),
        pytest.param(HTML, "File", "application/octet-stream", id="html"),
        pytest.param(SVG, "File", "application/octet-stream", id="svg"),
        pytest.param(b"alert(1)", "File", "application/octet-stream", id="script"),
        pytest.param("Chào".encode(), "File", "application/octet-stream", id="text"),
        pytest.param(b"\0", "File", "application/octet-stream", id="one byte"),
        pytest.param(
            b"GIF89a<script>alert(1)</script>", "File", "application/octet-stream", id="fake gif"
        ),
    ],
)
def test_the_type_follows_from_the_content(
    mai: Api, group: ConversationSettings, content: bytes, message_type: str, file_type: str
) -> None:
    message = data_of(upload(mai, group, content, name="photo.jpg"))

    told = (message["type"], message["attachments"][0]["fileType"])
    assert told == (message_type, file_type)


def test_what_the_client_calls_it_is_not_believed(mai: Api, group: ConversationSettings) -> None:
    body, content_type = form(HTML, {"conversationId": group.id})
    claimed = body.replace(b'filename="a.bin"', b'filename="a.png"\r\nContent-Type: image/png')

    message = data_of(mai.client.generic("POST", ATTACHMENT, claimed, content_type))

    assert message["type"] == "File"


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


def test_fields_are_no_way_to_fill_the_memory(mai: Api, group: ConversationSettings) -> None:
    assert refused(upload(mai, group, PDF, other="x" * 3 * MEGABYTE)) == (413, "payload_too_large")
    many = {f"field{number}": "x" for number in range(1_100)}
    assert refused(upload(mai, group, PDF, **many)) == (400, "bad_request")
    assert files_on_disk() == []


def test_who_may_not_write_stores_nothing(
    mai: Api, colleague: Api, api: Any, group: ConversationSettings
) -> None:
    services.change_role(group.id, colleague.user_id, Role.READ_ONLY)

    assert refused(upload(colleague, group, PDF)) == (403, "read_only")
    assert refused(upload(api(tenant_id=mai.tenant_id), group, PDF)) == (403, "not_a_participant")
    assert refused(upload(api(), group, PDF)) == (404, "conversation_not_found")
    assert refused(upload(mai, group, PDF, senderId=new_id())) == (403, "sender_mismatch")
    assert refused(upload(mai, group, PDF, userId=new_id())) == (403, "user_mismatch")
    services.archive(group.id)
    assert refused(upload(mai, group, PDF)) == (409, "conversation_archived")
    assert (records_in(group.id), files_on_disk()) == ([], [])
    assert collection("attachments").count_documents({"conversationId": group.id}) == 0


def test_without_a_token_nothing_is_read(client: Any, group: ConversationSettings) -> None:
    body, content_type = form(PDF, {"conversationId": group.id})

    response = client.generic("POST", ATTACHMENT, body, content_type)

    assert refused(response) == (401, "authentication_required")


def test_a_retry_is_the_same_message_and_no_second_file(
    mai: Api, group: ConversationSettings
) -> None:
    first = data_of(upload(mai, group, picture(), key="k", caption="x"))
    stored = files_on_disk()
    second = data_of(upload(mai, group, picture(), clientMessageId="k", caption="x"))

    assert second == first
    assert first["messageId"] == derived_message_id(mai.tenant_id, mai.user_id, "k")
    assert files_on_disk() == stored
    assert len(stored) == 2, "the file and its thumbnail"
    one, two = events_of(group)
    assert one["attachments"] == two["attachments"]


def test_two_requests_under_one_key_at_a_time_are_one_message(
    mai: Api, group: ConversationSettings
) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: upload(mai, group, picture(), key="k"), range(4)))

    messages = [data_of(answer) for answer in answers]
    assert len({message["messageId"] for message in messages}) == 1
    files = {message["attachments"][0]["attachmentId"] for message in messages}
    assert len(files) == 1
    for message in messages:
        assert body_of(mai.get(message["attachments"][0]["url"])) == picture()


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"content": PDF + b" "}, id="content"),
        pytest.param({"name": "b.pdf"}, id="name"),
        pytest.param({"caption": "y"}, id="caption"),
    ],
)
def test_another_file_under_the_key_is_422_and_not_stored(
    mai: Api, group: ConversationSettings, changed: dict[str, Any]
) -> None:
    sent: dict[str, Any] = {"content": PDF, "name": "a.pdf", "caption": "x", "key": "k"}
    first = data_of(upload(mai, group, **sent))
    stored = files_on_disk()

    response = upload(mai, group, **sent | changed)

    assert refused(response) == (422, "idempotency_key_reused")
    assert error_of(response)["details"] == {"messageId": first["messageId"]}
    assert files_on_disk() == stored
    assert len(records_in(group.id)) == 1


def test_without_a_key_the_same_file_is_another_message(
    mai: Api, group: ConversationSettings
) -> None:
    one, two = (data_of(upload(mai, group, PDF)) for _ in range(2))

    assert one["messageId"] != two["messageId"]
    assert one["attachments"][0]["attachmentId"] != two["attachments"][0]["attachmentId"]


def test_two_keys_that_differ_are_refused(mai: Api, group: ConversationSettings) -> None:
    response = upload(mai, group, PDF, key="k", clientMessageId="l")

    assert refused(response) == (400, "idempotency_keys_differ")


def test_a_storage_that_fails_sends_nothing_and_a_retry_helps(
    mai: Api, group: ConversationSettings, files: Any
) -> None:
    (files / "files").write_text("a file stands where the folder should be")
    response = upload(mai, group, PDF, key="k")
    assert refused(response) == (503, "storage_unavailable")
    assert records_in(group.id) == []
    message_id = derived_message_id(mai.tenant_id, mai.user_id, "k")
    assert mai.get(MESSAGES + message_id).status_code == 404, "it is not Sending"

    (files / "files").unlink()
    assert data_of(upload(mai, group, PDF, key="k"))["status"] == "Sending"


def test_without_room_for_uploads_it_is_503(
    mai: Api, group: ConversationSettings, files: Any
) -> None:
    (files / "incoming").write_text("a file stands where the folder should be")

    assert refused(upload(mai, group, PDF)) == (503, "storage_unavailable")


def test_without_redis_a_file_is_sent_all_the_same(
    mai: Api, group: ConversationSettings, private_redis: PrivateRedis
) -> None:
    private_redis.end()

    first = data_of(upload(mai, group, PDF, key="k"))
    assert data_of(upload(mai, group, PDF, key="k"))["messageId"] == first["messageId"]
    assert len(files_on_disk()) == 1


def test_a_file_costs_one_round_trip_and_three_commands(
    mai: Api, group: ConversationSettings, calls: Calls
) -> None:
    data_of(upload(mai, group, PDF))
    before = calls.redis, calls.mongodb
    data_of(upload(mai, group, PDF))

    assert (calls.redis - before[0], calls.mongodb - before[1]) == (1, 3)


def test_the_document_names_every_limit(client: Any) -> None:
    paths = client.get("/swagger/v1/swagger.json").json()["paths"]
    described = paths[ATTACHMENT]["post"]

    told = described["responses"]["413"]["description"]
    for kind in (*LIMIT_BYTES, "attachment", "request"):
        assert f"`{kind.lower()}_too_large`" in told
    (content_type,) = described["requestBody"]["content"]
    assert content_type == "multipart/form-data"


def test_a_kafka_that_is_away_keeps_the_file_for_the_retry(
    mai: Api, group: ConversationSettings, use_producer: UseProducer
) -> None:
    use_producer(CLOSED_PORT)
    response = upload(mai, group, PDF, key="k")
    assert refused(response) == (503, "message_outcome_unknown")
    stored = files_on_disk()

    use_producer(environment().kafka_bootstrap_servers)
    assert data_of(upload(mai, group, PDF, key="k"))["status"] == "Sending"
    assert len(stored) == 1
    assert files_on_disk() == stored

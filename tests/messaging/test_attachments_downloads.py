"""A file that is fetched by its link: who gets one, how long it works, and how it is answered."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.signing import Signer
from django.test import Client

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.settings.environment import environment
from conversations.values import ConversationSettings
from messaging.attachments import links
from messaging.attachments.links import address_of, signed
from messaging.attachments.names import safe_name
from messaging.serializers import message_dto
from tests.conftest import Api
from tests.messaging.attached import (
    HTML,
    PDF,
    SVG,
    body_of,
    events_of,
    files_on_disk,
    mp4,
    picture,
    upload,
    wav,
)
from tests.messaging.conftest import HISTORY, MESSAGES, data_of, error_of, stored_message

pytestmark = pytest.mark.usefixtures("files")

ANYBODY = Client()


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, error_of(response)["code"]


def sent_file(user: Api, group: ConversationSettings, content: bytes, **more: Any) -> Any:
    """The attachment of a message that is on its way."""
    (attachment,) = data_of(upload(user, group, content, **more))["attachments"]
    return attachment


def store(group: ConversationSettings, event: dict[str, Any], seq: int = 1, **more: Any) -> str:
    """The message of an event as the consumer stores it."""
    document = {
        **stored_message(group, seq),
        "_id": event["messageId"],
        "senderId": event["senderId"],
        "type": event["type"],
        "attachments": event["attachments"],
        **more,
    }
    collection("messages").insert_one(document)
    return str(document["_id"])


def test_participants_get_links_with_the_message_and_the_link_is_enough(
    mai: Api, colleague: Api, group: ConversationSettings
) -> None:
    upload(mai, group, picture(), name="lớp.png")
    (event,) = events_of(group)
    message_id = store(group, event)

    one = data_of(colleague.get(MESSAGES + message_id))
    (in_history,) = data_of(colleague.get(HISTORY + group.id))["messages"]
    of_type = data_of(colleague.get(f"{HISTORY}{group.id}/type/image"))["items"][0]
    live = message_dto(collection("messages").find_one({"_id": message_id}) or {})

    for message in (one, in_history, of_type):
        (attachment,) = message["attachments"]
        assert body_of(ANYBODY.get(attachment["url"])) == picture()
        assert body_of(ANYBODY.get(attachment["thumbnailUrl"]))[:2] == b"\xff\xd8"
    assert body_of(ANYBODY.get(live.attachments[0].url or "")) == picture()


def test_who_may_not_read_the_message_gets_no_link(
    mai: Api, api: Any, group: ConversationSettings
) -> None:
    upload(mai, group, PDF)
    (event,) = events_of(group)
    message_id = store(group, event)

    assert api(tenant_id=mai.tenant_id).get(MESSAGES + message_id).status_code == 403
    assert api().get(MESSAGES + message_id).status_code == 404


def test_no_link_is_stored_or_logged(mai: Api, group: ConversationSettings) -> None:
    attachment = sent_file(mai, group, picture())

    (event,) = events_of(group)
    token = parse_qs(urlsplit(attachment["url"]).query)["token"][0]
    kept = collection("attachments").find_one({"_id": attachment["attachmentId"]})
    assert token not in str(event)
    assert token not in str(kept)


def test_a_forged_link_is_403(mai: Api, group: ConversationSettings) -> None:
    mine = sent_file(mai, group, PDF)
    other = sent_file(mai, group, PDF + b" ")
    token = parse_qs(urlsplit(mine["url"]).query)["token"][0]
    path = urlsplit(mine["url"]).path
    expires_at, signature, message_id = token.split(".", 2)
    said = f"{path} {expires_at} {message_id}"
    elsewhere = Signer(salt="another purpose").signature(said)

    for link in (
        path,
        f"{path}?token=",
        f"{path}?token=x",
        f"{path}?token={token[:-1]}",
        f"{path}?token={token}x",
        f"{path}?token={expires_at}.{elsewhere}.{message_id}",
        f"{path}?token={int(expires_at) + 1}.{signature}.{message_id}",
        f"{path}?token={expires_at}.{signature}.{new_id()}",
        f"{path}?token={expires_at}.{signature}",
        f"{path}/thumbnail?token={token}",
        f"{urlsplit(other['url']).path}?token={token}",
    ):
        assert refused(ANYBODY.get(link)) == (403, "link_invalid")


def test_a_link_expires_and_a_new_one_is_made(
    mai: Api, group: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = data_of(upload(mai, group, PDF))
    address = address_of(message["attachments"][0]["attachmentId"])
    life = environment().attachment_link_minutes * 60
    now = time.time()

    just_good = signed(address, message["messageId"], now=now - life + 30)
    expired = signed(address, message["messageId"], now=now - 1.25 * life - 1)

    assert body_of(ANYBODY.get(just_good)) == PDF
    assert refused(ANYBODY.get(expired)) == (403, "link_expired")


def test_a_link_stays_the_same_for_a_while_so_that_browsers_cache_it(
    mai: Api, group: ConversationSettings
) -> None:
    step = environment().attachment_link_minutes * 60 / 4
    begin = 1_000 * step

    one, two, next_one = (
        signed(address_of("a"), "m", now=begin + part * step) for part in (0.1, 0.9, 1.1)
    )

    assert one == two
    assert one != next_one


def test_links_begin_with_the_base_url_of_the_settings(
    mai: Api, group: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = environment().model_copy(update={"attachment_link_base_url": "https://chat.example"})
    monkeypatch.setattr(links, "environment", lambda: base)

    url = sent_file(mai, group, PDF)["url"]

    assert url.startswith("https://chat.example/api/v1/attachments/")
    assert body_of(ANYBODY.get(url.removeprefix("https://chat.example"))) == PDF


def test_another_services_addresses_stay_as_they_are(mai: Api, group: ConversationSettings) -> None:
    foreign = {"attachmentId": "f-1", "url": "https://files.example/f-1"}
    document = {**stored_message(group, 1), "attachments": [foreign]}

    (attachment,) = message_dto(document).attachments

    assert (attachment.url, attachment.thumbnail_url) == (foreign["url"], None)


def test_an_event_that_names_a_file_of_another_message_opens_nothing(
    mai: Api, api: Any, group: ConversationSettings, new_conversation: Any
) -> None:
    upload(mai, group, PDF)
    (event,) = events_of(group)
    stranger = api()
    elsewhere = new_conversation(stranger)
    forged = store(elsewhere, {**event, "messageId": new_id()})

    (attachment,) = data_of(stranger.get(MESSAGES + forged))["attachments"]

    assert refused(ANYBODY.get(attachment["url"])) == (404, "attachment_not_found")


def test_a_deleted_messages_file_is_answered_no_more(mai: Api, group: ConversationSettings) -> None:
    attachment = sent_file(mai, group, picture())
    (event,) = events_of(group)
    message_id = store(group, event)
    assert body_of(ANYBODY.get(attachment["url"])) == picture()

    gone = {"$set": {"isDeleted": True, "content": ""}, "$unset": {"attachments": ""}}
    collection("messages").update_one({"_id": message_id}, gone)

    for link in (attachment["url"], attachment["thumbnailUrl"]):
        assert refused(ANYBODY.get(link)) == (404, "attachment_not_found")
    assert data_of(mai.get(MESSAGES + message_id))["attachments"] == []


def test_a_file_that_is_not_there_is_404(mai: Api, group: ConversationSettings) -> None:
    attachment = sent_file(mai, group, PDF)
    for path in files_on_disk():
        path.unlink()
    unknown = signed(address_of(new_id()), new_id(), now=time.time())

    assert refused(ANYBODY.get(attachment["url"])) == (404, "attachment_not_found")
    assert refused(ANYBODY.get(unknown)) == (404, "attachment_not_found")


@pytest.mark.parametrize(
    ("content", "inline"),
    [
        pytest.param(picture("PNG"), True, id="png"),
        pytest.param(mp4(b"vide"), True, id="mp4"),
        pytest.param(wav(), True, id="wav"),
        pytest.param(picture("TIFF"), False, id="tiff"),
        pytest.param(PDF, False, id="pdf"),
        pytest.param(HTML, False, id="html"),
        pytest.param(SVG, False, id="svg"),
    ],
)
def test_what_could_run_is_saved_and_never_shown(
    mai: Api, group: ConversationSettings, content: bytes, *, inline: bool
) -> None:
    attachment = sent_file(mai, group, content, name="a.html")

    response = ANYBODY.get(attachment["url"])

    assert body_of(response) == content
    kind = "inline" if inline else "attachment"
    assert response.headers["Content-Disposition"] == f'{kind}; filename="a.html"'
    assert response.headers["Content-Type"] == attachment["fileType"]


def test_every_file_is_answered_with_headers_that_keep_it_harmless(
    mai: Api, group: ConversationSettings
) -> None:
    response = ANYBODY.get(sent_file(mai, group, picture())["url"])

    assert body_of(response) == picture()
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Frame-Options"] == "DENY"
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert {"sandbox", "default-src 'none'"} <= set(policy)
    assert response.headers["Cache-Control"] == "private, max-age=300"
    assert response.headers["Content-Length"] == str(len(picture()))


NAMES = [
    pytest.param("Đề thi học kỳ 1.pdf", "Đề thi học kỳ 1.pdf", id="Vietnamese"),
    pytest.param("bài 🎒.pdf", "bài 🎒.pdf", id="emoji"),
    pytest.param("../../etc/passwd", "passwd", id="path"),
    pytest.param("C:\\temp\\a.pdf", "a.pdf", id="Windows path"),
    pytest.param("a\u202egpj.exe", "agpj.exe", id="direction"),
    pytest.param("a\x01\x7fb.pdf", "ab.pdf", id="controls"),
    pytest.param("a\u2028b.pdf", "ab.pdf", id="line separator"),
    pytest.param(" a.pdf ", "a.pdf", id="spaces"),
    pytest.param("x" * 300 + ".pdf", "x" * 251 + ".pdf", id="long"),
    pytest.param("🎒" * 200 + ".pdf", "🎒" * 125 + ".pdf", id="long in UTF-16"),
    pytest.param("x." + "y" * 300, "x." + "y" * 253, id="no extension"),
]


@pytest.mark.parametrize(("given", "kept"), NAMES)
def test_a_name_is_kept_but_for_what_could_deceive(
    mai: Api, group: ConversationSettings, given: str, kept: str
) -> None:
    assert sent_file(mai, group, PDF, name=given)["fileName"] == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        *NAMES,
        pytest.param("a/", "file", id="nothing left"),
        pytest.param(" .. ", "file", id="dots"),
    ],
)
def test_names_are_so_by_our_own_rule_too(given: str, kept: str) -> None:
    """Django's parser of forms removes some of it before us, which is not promised to stay so."""
    assert safe_name(given) == kept


def test_names_of_all_languages_are_written_as_rfc_5987_says(
    mai: Api, group: ConversationSettings
) -> None:
    response = ANYBODY.get(sent_file(mai, group, PDF, name="Đề thi.pdf")["url"])
    response.close()

    disposition = response.headers["Content-Disposition"]
    assert disposition == "attachment; filename*=utf-8''%C4%90%E1%BB%81%20thi.pdf"


CONTENT = bytes(range(256)) * 1_000


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param("bytes=0-0", range(1), id="first byte"),
        pytest.param("bytes=100000-", range(100_000, len(CONTENT)), id="open end"),
        pytest.param("bytes=-10", range(len(CONTENT) - 10, len(CONTENT)), id="last bytes"),
        pytest.param("bytes=5-999999999", range(5, len(CONTENT)), id="beyond the end"),
    ],
)
def test_a_player_may_ask_for_a_part(
    mai: Api, group: ConversationSettings, asked: str, expected: range
) -> None:
    url = sent_file(mai, group, CONTENT)["url"]

    response = ANYBODY.get(url, headers={"Range": asked})

    part = CONTENT[expected.start : expected.stop]
    assert (response.status_code, body_of(response)) == (206, part)
    bounds = f"bytes {expected.start}-{expected.stop - 1}/{len(CONTENT)}"
    assert response.headers["Content-Range"] == bounds
    assert response.headers["Content-Length"] == str(len(part))
    assert response.headers["Content-Disposition"] == 'attachment; filename="a.bin"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=9-3", "x"])
def test_a_range_that_is_none_is_ignored(mai: Api, group: ConversationSettings, asked: str) -> None:
    response = ANYBODY.get(sent_file(mai, group, PDF)["url"], headers={"Range": asked})

    assert (response.status_code, body_of(response)) == (200, PDF)


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=-0"])
def test_a_part_that_does_not_exist_is_416(
    mai: Api, group: ConversationSettings, asked: str
) -> None:
    response = ANYBODY.get(sent_file(mai, group, PDF)["url"], headers={"Range": asked})

    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(PDF)}"


def test_head_tells_the_size_without_the_file(mai: Api, group: ConversationSettings) -> None:
    response = ANYBODY.head(sent_file(mai, group, PDF)["url"])

    assert (response.status_code, body_of(response)) == (200, b"")
    assert response.headers["Content-Length"] == str(len(PDF))


def test_nothing_but_reading_is_done_with_a_link(mai: Api, group: ConversationSettings) -> None:
    url = sent_file(mai, group, PDF)["url"]

    assert refused(ANYBODY.post(url)) == (405, "method_not_allowed")
    assert refused(ANYBODY.delete(url)) == (405, "method_not_allowed")

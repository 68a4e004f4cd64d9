"""The link of a file: who gets one, how long it works, and what it opens no more."""

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.signing import Signer

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.settings.environment import environment
from conversations.values import ConversationSettings
from messaging.attachments import links
from messaging.attachments.links import address_of, signed
from messaging.serializers import message_dto
from tests.conftest import Api
from tests.messaging.attached import PDF, body_of, events_of, files_on_disk, picture, upload
from tests.messaging.conftest import HISTORY, MESSAGES, data_of, stored_message
from tests.messaging.downloading import ANYBODY, refused, sent_file, store

pytestmark = pytest.mark.usefixtures("files")


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

"""A file that is sent: its answer, its record in the log, who may send one, and what it costs."""

from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import services
from conversations.cache import read_record
from conversations.values import ConversationSettings, Role
from messaging.events import decode_message_sent
from messaging.identifiers import fingerprint
from tests.conftest import Api
from tests.messaging.answers import FIELDS_WHEN_SENDING
from tests.messaging.attached import (
    ATTACHMENT,
    PDF,
    body_of,
    files_on_disk,
    form,
    picture,
    refused,
    upload,
)
from tests.messaging.conftest import MESSAGES, Calls, data_of, records_in

pytestmark = pytest.mark.usefixtures("files")


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


def test_a_file_costs_one_round_trip_and_three_commands(
    mai: Api, group: ConversationSettings, calls: Calls
) -> None:
    data_of(upload(mai, group, PDF))
    before = calls.redis, calls.mongodb
    data_of(upload(mai, group, PDF))

    assert (calls.redis - before[0], calls.mongodb - before[1]) == (1, 3)

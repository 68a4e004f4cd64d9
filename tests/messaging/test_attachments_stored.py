"""A file's whole life with a real consumer: sent, stored, told live, audited, deleted, removed."""

from typing import Any

import msgspec
import pytest
from django.core.management import call_command
from django.test import Client

from chat_project.mongodb import collection
from chat_project.redis import client
from chat_project.settings.environment import environment
from consumers.audit import Scope, reconcile
from conversations.values import ConversationSettings
from messaging import changing
from realtime.publisher import conversation_channel
from tests.conftest import Api
from tests.consumers.pipelines import Pipeline
from tests.messaging.attached import body_of, files_on_disk, picture, upload
from tests.messaging.conftest import HISTORY, MESSAGES, UseProducer, data_of, error_of
from tests.waiting import wait_until

pytestmark = pytest.mark.usefixtures("files")


@pytest.fixture
def pipeline(use_producer: UseProducer, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """What the endpoints send goes to a topic of this test's own."""
    pipeline = Pipeline()
    producer = use_producer(
        environment().kafka_bootstrap_servers, topic=pipeline.environment.message_topic
    )
    monkeypatch.setattr(changing, "producer", lambda: producer)
    return pipeline


def drain(pipeline: Pipeline) -> None:
    with pipeline.consumer("--drain") as consumer:
        assert consumer.wait(60) == 0, consumer.output()


def next_live_event(listener: Any) -> dict[str, Any]:
    told: list[dict[str, Any]] = []

    def heard() -> bool:
        message = listener.get_message(ignore_subscribe_messages=True, timeout=0.1)
        if message:
            told.extend(msgspec.json.decode(message["data"]))
        return bool(told)

    wait_until(heard, "a live event")
    return told[0]


def test_a_file_is_stored_told_audited_deleted_and_removed(
    mai: Api, colleague: Api, group: ConversationSettings, pipeline: Pipeline
) -> None:
    sent = data_of(upload(mai, group, picture(), name="lớp.png", caption="Lớp 5A"))
    message_id = sent["messageId"]
    with client().pubsub() as listener:
        listener.subscribe(conversation_channel(group.id))
        drain(pipeline)
        live = next_live_event(listener)

    (document,) = collection("messages").find({"conversationId": group.id})
    (kept,) = document["attachments"]
    address = f"/api/v1/attachments/{kept['attachmentId']}"
    assert (document["type"], document["content"]) == ("Image", "Lớp 5A")
    assert (kept["url"], kept["thumbnailUrl"]) == (address, f"{address}/thumbnail")

    told = data_of(colleague.get(MESSAGES + message_id))
    assert (told["status"], told["type"]) == ("Sent", "Image")
    assert live["event"] == "ReceiveMessage"
    for message in (told, live["data"], data_of(mai.get(f"{HISTORY}{group.id}"))["messages"][0]):
        (attachment,) = message["attachments"]
        assert attachment["attachmentId"] == sent["attachments"][0]["attachmentId"]
        assert body_of(Client().get(attachment["url"])) == picture()

    edited = data_of(mai.put(MESSAGES + message_id, {"content": "Lớp 5B"}))
    drain(pipeline)
    assert [each["fileName"] for each in edited["attachments"]] == ["lớp.png"]
    scope = Scope(frozenset({group.id}))
    assert reconcile(pipeline.environment, scope).is_clean

    deleted = data_of(mai.delete(MESSAGES + message_id))
    drain(pipeline)
    assert deleted["attachments"] == []
    gone = Client().get(told["attachments"][0]["url"])
    assert (gone.status_code, error_of(gone)["code"]) == (404, "attachment_not_found")
    call_command("purge_orphan_attachments")
    assert files_on_disk() == []
    assert reconcile(pipeline.environment, scope).is_clean


def test_a_retry_after_storing_is_one_message_with_one_file(
    mai: Api, group: ConversationSettings, pipeline: Pipeline
) -> None:
    first = data_of(upload(mai, group, picture(), key="k"))
    drain(pipeline)
    assert data_of(upload(mai, group, picture(), key="k"))["messageId"] == first["messageId"]
    drain(pipeline)

    assert collection("messages").count_documents({"conversationId": group.id}) == 1
    assert collection("dead_letters").count_documents({"conversationId": group.id}) == 0
    assert len(files_on_disk()) == 2, "the file and its thumbnail"

"""Attachments in a bucket: the same promises, on a real S3-compatible server on this machine."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from django.core.management import call_command
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from chat_project.mongodb import collection
from chat_project.settings.attachments import bucket_storage
from chat_project.settings.environment import environment
from chat_project.timestamps import now
from conversations.cache import forget_record
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.attached import MEGABYTE, PDF, body_of, files_on_disk, mp4, picture, upload
from tests.messaging.conftest import data_of, error_of, records_in

BUCKET = "attachments-of-a-test"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server of this module's own, with the bucket."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    address = f"http://{host}:{port}"
    client_of(address).create_bucket(Bucket=BUCKET)
    yield address
    running.stop()


def client_of(address: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )


@pytest.fixture
def bucket(server: str, files: Any, settings: Settings) -> Any:
    """The product's own storage of a bucket, as its settings make it; gives a client."""
    use(server, settings)
    return client_of(server)


def use(address: str, settings: Settings, name: str = BUCKET) -> None:
    given = environment().model_copy(
        update={
            "attachment_bucket": name,
            "attachment_bucket_endpoint_url": address,
            "attachment_bucket_region": "us-east-1",
            "attachment_bucket_access_key": "key",
            "attachment_bucket_secret_key": "secret",
        }
    )
    settings.STORAGES = {**settings.STORAGES, "attachments": bucket_storage(given)}


def keys_in(bucket: Any) -> list[str]:
    listed = bucket.list_objects_v2(Bucket=BUCKET)
    return [each["Key"] for each in listed.get("Contents", ())]


def test_a_file_is_in_the_bucket_and_is_answered_from_there(
    mai: Api, group: ConversationSettings, bucket: Any
) -> None:
    before = set(keys_in(bucket))
    (attachment,) = data_of(upload(mai, group, picture(), name="lớp.png"))["attachments"]

    assert len(set(keys_in(bucket)) - before) == 2
    assert files_on_disk() == []
    response = mai.client.get(attachment["url"])
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Content-Security-Policy"].endswith("sandbox")
    assert body_of(response) == picture()
    assert body_of(mai.client.get(attachment["thumbnailUrl"]))[:2] == b"\xff\xd8"


def test_the_largest_file_comes_back_whole_and_in_parts(
    mai: Api, group: ConversationSettings, bucket: Any
) -> None:
    video = mp4(b"vide", padding=25 * MEGABYTE - 200)
    (attachment,) = data_of(upload(mai, group, video))["attachments"]

    assert body_of(mai.client.get(attachment["url"])) == video
    part = mai.client.get(attachment["url"], headers={"Range": "bytes=20000000-20000009"})
    assert (part.status_code, body_of(part)) == (206, video[20_000_000:20_000_010])
    head = mai.client.head(attachment["url"])
    assert head.headers["Content-Length"] == str(len(video))
    assert bucket.list_multipart_uploads(Bucket=BUCKET).get("Uploads", []) == []


def test_a_retry_stores_no_second_object(
    mai: Api, group: ConversationSettings, bucket: Any
) -> None:
    first = data_of(upload(mai, group, PDF, key="k"))
    stored = keys_in(bucket)

    assert data_of(upload(mai, group, PDF, key="k")) == first
    assert keys_in(bucket) == stored


def test_an_object_that_is_gone_is_404(mai: Api, group: ConversationSettings, bucket: Any) -> None:
    before = set(keys_in(bucket))
    (attachment,) = data_of(upload(mai, group, PDF))["attachments"]
    [key] = set(keys_in(bucket)) - before
    bucket.delete_object(Bucket=BUCKET, Key=key)

    response = mai.client.get(attachment["url"])

    assert (response.status_code, error_of(response)["code"]) == (404, "attachment_not_found")


def test_orphans_are_removed_from_the_bucket(
    mai: Api, group: ConversationSettings, bucket: Any
) -> None:
    before = set(keys_in(bucket))
    message = data_of(upload(mai, group, picture()))
    collection("attachments").update_one(
        {"messageId": message["messageId"]}, {"$set": {"touchedAt": now() - timedelta(hours=200)}}
    )
    forget_record(message["messageId"])

    call_command("purge_orphan_attachments")

    assert set(keys_in(bucket)) <= before
    assert collection("attachments").count_documents({"messageId": message["messageId"]}) == 0


def test_a_bucket_that_is_away_or_refuses_is_503_and_nothing_is_sent(
    mai: Api,
    group: ConversationSettings,
    bucket: Any,
    settings: Settings,
) -> None:
    (attachment,) = data_of(upload(mai, group, PDF))["attachments"]
    sent = len(records_in(group.id))

    use("http://127.0.0.1:9", settings)

    for response in (upload(mai, group, PDF), mai.client.get(attachment["url"])):
        assert response.status_code == 503
        assert error_of(response)["code"] == "storage_unavailable"
    assert len(records_in(group.id)) == sent


def test_a_bucket_that_does_not_exist_is_503_too(
    mai: Api, group: ConversationSettings, server: str, bucket: Any, settings: Settings
) -> None:
    use(server, settings, "another-bucket")

    response = upload(mai, group, PDF)

    assert (response.status_code, error_of(response)["code"]) == (503, "storage_unavailable")

"""A file that is sent again: under its key, at the same time, after a server was away."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chat_project.settings.environment import environment
from conversations.values import ConversationSettings
from messaging.identifiers import derived_message_id
from tests.conftest import Api
from tests.conversations.conftest import PrivateRedis
from tests.messaging.attached import (
    PDF,
    body_of,
    events_of,
    files_on_disk,
    picture,
    refused,
    upload,
)
from tests.messaging.conftest import (
    CLOSED_PORT,
    MESSAGES,
    UseProducer,
    data_of,
    error_of,
    records_in,
)

pytestmark = pytest.mark.usefixtures("files")


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

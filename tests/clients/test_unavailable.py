"""A service that cannot send, because its Kafka is away: what a client sees of it."""

from collections.abc import Iterator

import pytest

from conversations.values import ConversationSettings
from emis_chat_client import Client, Retry, errors
from tests.conftest import Api
from tests.messaging.conftest import CLOSED_PORT
from tests.product import running_api


@pytest.fixture(scope="module")
def url_without_kafka(database: None) -> Iterator[str]:
    with running_api({"KAFKA_BOOTSTRAP_SERVERS": CLOSED_PORT}) as url:
        yield url


def test_a_503_is_tried_again_after_what_the_service_asks_for(
    url_without_kafka: str, mai: Api, group: ConversationSettings
) -> None:
    pauses: list[float] = []
    retry = Retry(attempts=3, jitter=lambda: 0.5)

    with (
        Client(url_without_kafka, mai.token, retry=retry, sleep=pauses.append) as client,
        pytest.raises(errors.Unavailable) as caught,
    ):
        client.send_text(conversation_id=group.id, content="Chào")

    assert (caught.value.status, caught.value.retry_after_seconds) == (503, 1)
    assert pauses == [1.1, 1.2], "Retry-After: 1, and half of 0.2 and of 0.4"


def test_reading_goes_on_without_kafka(
    url_without_kafka: str, mai: Api, group: ConversationSettings
) -> None:
    with Client(url_without_kafka, mai.token) as client:
        assert client.get_conversation(group.id).conversation_id == group.id
        assert client.get_history(group.id).messages == []

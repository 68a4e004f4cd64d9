"""A group that is told of its changes, and a Kafka that can be away meanwhile."""

from collections.abc import Callable, Iterator

import pytest

from chat_project.mongodb import collection
from chat_project.settings.environment import environment
from conversations.services import outbox
from messaging import outbox as publishing
from messaging.producer import Producer
from tests.conftest import Api
from tests.conversations.api.conftest import teacher_group
from tests.messaging.conftest import CLOSED_PORT


@pytest.fixture(autouse=True)
def empty_outbox(database: None) -> Iterator[None]:
    """What a test leaves behind would be published by the next test's consumer."""
    yield
    collection(outbox.COLLECTION).delete_many({})


@pytest.fixture
def room(mai: Api, colleague: Api) -> str:
    conversation_id: str = teacher_group(mai, colleague)["conversationId"]
    return conversation_id


@pytest.fixture
def kafka_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """The outbox is published by a producer without brokers, until the fixture is called."""
    producer = Producer(
        {"bootstrap.servers": CLOSED_PORT},
        environment().message_topic,
        partitions=environment().kafka_partitions,
        waiting_threads=8,
    )
    with monkeypatch.context() as patched:
        patched.setattr(publishing, "producer", lambda: producer)
        yield patched.undo
    producer._kafka.purge()
    producer.close()

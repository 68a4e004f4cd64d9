"""A school, the topic that tells of its roster, and conversations that are told nothing yet."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from chat_project.mongodb import collection
from conversations import services
from tests.consumers.conftest import Consumer
from tests.consumers.roster_events import RosterTopic, School


@pytest.fixture
def school(database: None) -> School:
    return School()


@pytest.fixture
def topic(consumer: Consumer) -> RosterTopic:
    return RosterTopic(consumer, f"test-{uuid4().hex[:8]}.student.created")


@pytest.fixture
def quiet(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What conversations are told stays in the outbox, until the test has looked."""
    monkeypatch.setattr(services.outbox, "announce", lambda *_: None)
    yield
    collection("outbox").delete_many({})

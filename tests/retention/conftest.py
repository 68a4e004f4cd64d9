"""A database, a topic, a conversation and a folder of a test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from consumers.erasure import said
from messaging.producer import Producer
from tests.consumers.conftest import conversation, own_database
from tests.consumers.indexed_databases import using_indexed
from tests.retention.erasures import Erasure, sending_to
from tests.retention.lives import COLLECTIONS, Live, MakeConversation
from tests.retention.traces import School, found_in, found_in_redis

__all__ = ["conversation", "own_database"]


@pytest.fixture
def live(django_db_setup: None) -> Iterator[Live]:
    made = Live()
    with using_indexed(made.name, COLLECTIONS, made=[made.into]):
        yield made


@pytest.fixture
def room(conversation: MakeConversation) -> str:
    return conversation(names={"user-1": "An", "user-2": "Bình"})


@pytest.fixture
def erasure(live: Live) -> Iterator[Erasure]:
    with sending_to(live):
        yield Erasure(live)


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Where the files of this test lie."""
    location = tmp_path / "files"
    options = {**settings.STORAGES["attachments"]["OPTIONS"], "location": location}
    kept = {**settings.STORAGES["attachments"], "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "attachments": kept}
    return location


@pytest.fixture
def school(
    live: Live, conversation: MakeConversation, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[School]:
    """The erasure sends to this test's topic."""
    producer = Producer(
        live.environment.kafka_connection(), live.topic, partitions=10, waiting_threads=8
    )
    monkeypatch.setattr(said, "producer", lambda: producer)
    yield School(live, conversation, folder)
    producer.close()


def check_nothing_is_left(school: School) -> None:
    assert found_in(school.live.name) == []
    assert found_in_redis(school.rooms()) == []
    assert school.file is not None
    assert not school.file.exists()

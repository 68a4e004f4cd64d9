"""An indexer, a conversation, and a participant who searches it."""

from collections.abc import Callable

import pytest

from tests.conftest import Api
from tests.consumers.conftest import Log
from tests.consumers.search.indexing import Find, Indexer, MakeConversation


@pytest.fixture
def indexer(log: Log, database: None) -> Indexer:
    return Indexer(log.topic)


@pytest.fixture
def room(conversation: MakeConversation) -> str:
    return conversation(names={"user-1": "An"})


@pytest.fixture
def find(api: Callable[..., Api], room: str) -> Find:
    """The numbers of the messages that a participant finds over HTTP, newest first."""
    user = api("user-1", "tenant-1")

    def ask(term: str) -> list[int]:
        path = f"/api/v1/messages/conversation/{room}/search"
        items = user.get(path, searchTerm=term).json()["data"]["items"]
        return [item["seq"] for item in items]

    return ask

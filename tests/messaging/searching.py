"""A conversation's messages brought into the search, and what the search answers."""

from typing import Any

from chat_project.mongodb import collection
from conversations.values import ConversationSettings
from messaging import search
from tests.conftest import Api
from tests.messaging.conftest import HISTORY


def index_messages(group: ConversationSettings) -> None:
    """Brings what is stored into the search, as the indexer does."""
    for message in collection("messages").find({"conversationId": group.id}):
        document = search.search_document(message)
        collection(search.COLLECTION).replace_one({"_id": document["_id"]}, document, upsert=True)


def ask(user: Api, group: ConversationSettings, term: str, **query: Any) -> Any:
    return user.get(f"{HISTORY}{group.id}/search", searchTerm=term, **query)


def numbers(page: Any) -> list[int]:
    return [message["seq"] for message in page["items"]]

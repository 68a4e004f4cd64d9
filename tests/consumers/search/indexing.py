"""One process of the indexer, and what it left of a conversation."""

from collections.abc import Callable
from typing import Any

from chat_project.mongodb import Document, collection
from consumers.loop import Batch
from consumers.records import Record, TopicPartition
from consumers.search.handler import SearchHandler
from consumers.topics import TopicDescription
from messaging import search

MakeConversation = Callable[..., str]
Find = Callable[[str], list[int]]

EDITED, DELETED, REACTED = (
    "MessageEditedEvent",
    "MessageDeletedEvent",
    "MessageReactionAddedEvent",
)


class Indexer:
    """One process of `index_messages` as far as the log's records matter."""

    def __init__(self, topic: str) -> None:
        self.committed_by_storing: dict[int, int] = {}
        self.handler = SearchHandler(topic, 10, self._committed, patience_seconds=0)
        self.handler.assigned([TopicDescription(topic, f"id-of-{topic}", 10)], {})

    def _committed(self, partitions: Any) -> dict[TopicPartition, int | None]:
        return {each: self.committed_by_storing.get(each.partition) for each in partitions}

    def apply(self, records: list[Record]) -> None:
        assert self.handler.apply(Batch(records, received_at=0.0)).records == records


def indexed(room: str) -> list[Document]:
    return list(collection(search.COLLECTION).find({"conversationId": room}).sort("seq", 1))

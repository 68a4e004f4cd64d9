"""A search that is rebuilt from the messages equals what the indexer made."""

from typing import Any
from uuid import uuid4

import pytest

from chat_project.mongodb import collection
from consumers.messages import tombstone_document
from consumers.search.rebuilding import RebuiltSearch, rebuild_search
from messaging import search
from tests.consumers.conftest import Consumer, Log
from tests.consumers.search.indexing import DELETED, EDITED, Indexer, MakeConversation, indexed


def rebuilt() -> RebuiltSearch:
    return rebuild_search(on_total=lambda _: None, on_read=lambda _: None)


def test_a_rebuilt_search_equals_what_the_indexer_made(
    own_database: str, conversation: MakeConversation
) -> None:
    log = Log(f"test-{uuid4().hex}.message.sent")
    consumer, indexer, room = Consumer(log.topic).assigned(), Indexer(log.topic), conversation()
    ids = [log.send(room, content=f"Học sinh {number}") for number in range(7)]
    log.change(EDITED, room, messageId=ids[0], content="Lớp mới")
    log.change(DELETED, room, messageId=ids[1])
    consumer.apply(log.records)
    indexer.apply(log.records)
    collection("messages").insert_one(tombstone_document(room, "tenant-1", 8, log_time(room)))
    made = indexed(room)

    assert rebuilt() == RebuiltSearch(messages=7, unchanged=7)
    assert indexed(room) == made
    collection(search.COLLECTION).delete_many({"seq": {"$lte": 3}})
    collection(search.COLLECTION).update_one({"seq": 4}, {"$set": {"words": ["sai"]}})
    collection(search.COLLECTION).insert_one({**made[0], "_id": "of no message", "seq": 99})

    assert rebuilt() == RebuiltSearch(messages=7, added=3, corrected=1, unchanged=3, removed=1)
    assert indexed(room) == made


def test_a_rebuild_goes_page_by_page(
    own_database: str, conversation: MakeConversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumers.search.rebuilding.PAGE", 3)
    log = Log(f"test-{uuid4().hex}.message.sent")
    room = conversation()
    for number in range(8):
        log.send(room, content=f"Tin {number}")
    Consumer(log.topic).assigned().apply(log.records)
    heard: list[int] = []

    made = rebuild_search(on_total=heard.append, on_read=heard.append)

    assert made == RebuiltSearch(messages=8, added=8)
    assert heard == [8, 3, 3, 2, 3, 3, 2]
    assert [document["seq"] for document in indexed(room)] == list(range(1, 9))


def test_a_repaired_message_is_indexed_anew_though_its_version_is_lower(
    own_database: str, conversation: MakeConversation
) -> None:
    log = Log(f"test-{uuid4().hex}.message.sent")
    room = conversation()
    message_id = log.send(room, content="thật")
    Consumer(log.topic).assigned().apply(log.records)
    forged = {"content": "giả", "rev": {"t": 999, "p": 0, "o": 0}}
    collection("messages").update_one({"_id": message_id}, {"$set": forged})
    rebuilt()
    repaired = {"$set": {"content": "thật"}, "$unset": {"rev": ""}}
    collection("messages").update_one({"_id": message_id}, repaired)

    assert rebuilt() == RebuiltSearch(messages=1, corrected=1)
    assert [document["words"] for document in indexed(room)] == [["that", "th*", "tha*"]]


def test_what_is_no_whole_message_is_left_out(own_database: str) -> None:
    collection("messages").insert_many(
        [{"_id": "a"}, {"_id": "b", "src": "?"}, {"_id": 7, "seq": 1}, {"_id": "c", "seq": "1"}]
    )

    assert rebuilt() == RebuiltSearch()


def log_time(room: str) -> Any:
    message = collection("messages").find_one({"conversationId": room}) or {}
    return message["sentAt"]

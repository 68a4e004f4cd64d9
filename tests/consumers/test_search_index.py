"""What the indexer leaves in `message_search`; Kafka is played by lists of records."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from chat_project import mongodb
from chat_project.mongodb import Document, collection
from consumers.errors import RetryLater
from consumers.loop import Batch
from consumers.messages import tombstone_document
from consumers.records import Record, TopicPartition
from consumers.search import index
from consumers.search.handler import SearchHandler
from consumers.search.index import bring_in
from consumers.search.rebuilding import RebuiltSearch, rebuild_search
from consumers.topics import TopicDescription
from messaging import search
from tests.conftest import Api
from tests.consumers.conftest import Consumer, Log

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


def indexed(room: str) -> list[Document]:
    return list(collection(search.COLLECTION).find({"conversationId": room}).sort("seq", 1))


@pytest.mark.parametrize("term", ["học sinh", "hoc sinh", "HỌC SINH", "Đà Nẵng", "da nang"])
def test_a_stored_message_is_found_with_and_without_diacritics(
    log: Log, consumer: Consumer, indexer: Indexer, room: str, find: Find, term: str
) -> None:
    log.send(room, content="Học sinh lớp 5A1 đi Đà Nẵng")
    log.send(room, content="Ho thì ở nhà nhé")
    consumer.apply(log.records)

    indexer.apply(log.records)

    assert find(term) == [1]


def test_a_files_name_is_found(
    log: Log, consumer: Consumer, indexer: Indexer, room: str, find: Find
) -> None:
    attachment = {"attachmentId": "f-1", "fileName": "Bảng điểm.pdf"}
    log.send(room, content=None, type="File", attachments=[attachment])
    consumer.apply(log.records)

    indexer.apply(log.records)

    assert find("bang diem") == [1]


def test_an_edited_message_is_found_by_its_new_words_only(
    log: Log, consumer: Consumer, indexer: Indexer, room: str, find: Find
) -> None:
    message_id = log.send(room, content="Họp phụ huynh")
    consumer.apply(log.records)
    indexer.apply(log.records)
    log.change(EDITED, room, messageId=message_id, content="Nghỉ lễ")
    consumer.apply(log.records[1:])

    indexer.apply(log.records[1:])

    assert (find("phu huynh"), find("nghi le")) == ([], [1])


def test_a_deleted_message_is_not_found_and_its_words_are_gone(
    log: Log, consumer: Consumer, indexer: Indexer, room: str, find: Find
) -> None:
    message_id = log.send(room, content="Họp phụ huynh")
    consumer.apply(log.records)
    indexer.apply(log.records)
    log.change(DELETED, room, messageId=message_id)
    consumer.apply(log.records[1:])

    indexer.apply(log.records[1:])

    assert find("hop") == []
    assert [document["words"] for document in indexed(room)] == [[]]


def test_a_message_and_its_changes_in_one_batch_are_indexed_as_they_ended(
    log: Log, consumer: Consumer, indexer: Indexer, room: str, find: Find
) -> None:
    edited, deleted = log.send(room, content="một"), log.send(room, content="hai")
    log.change(EDITED, room, messageId=edited, content="ba")
    log.change(DELETED, room, messageId=deleted)
    consumer.apply(log.records)

    indexer.apply(log.records)

    assert [find(term) for term in ("mot", "hai", "ba")] == [[], [], [1]]


def test_a_replay_changes_nothing(
    log: Log, consumer: Consumer, indexer: Indexer, room: str
) -> None:
    ids = [log.send(room, content=f"Tin {number}") for number in range(5)]
    log.change(EDITED, room, messageId=ids[0], content="Tin mới")
    log.change(DELETED, room, messageId=ids[1])
    consumer.apply(log.records)
    indexer.apply(log.records)
    before = indexed(room)

    Indexer(log.topic).apply(log.records)
    for record in log.records:
        indexer.apply([record])

    assert indexed(room) == before
    brought = bring_in(ids)
    assert (brought.unchanged, brought.written) == (5, 0)


def test_what_is_not_stored_yet_comes_again_until_it_is(
    log: Log, consumer: Consumer, indexer: Indexer, room: str, find: Find
) -> None:
    log.send(room, content="Họp phụ huynh")

    with pytest.raises(RetryLater, match="1 records are not stored yet"):
        indexer.apply(log.records)
    assert indexed(room) == []
    consumer.apply(log.records)
    indexer.apply(log.records)

    assert find("hop") == [1]


def test_a_change_that_is_not_applied_yet_is_waited_for(
    log: Log, consumer: Consumer, indexer: Indexer, room: str, find: Find
) -> None:
    message_id = log.send(room, content="một")
    consumer.apply(log.records)
    log.change(EDITED, room, messageId=message_id, content="hai")

    with pytest.raises(RetryLater):
        indexer.apply(log.records)
    consumer.apply(log.records[1:])
    indexer.apply(log.records)

    assert find("hai") == [1]


def test_dead_letters_and_duplicates_hold_nobody_up(
    log: Log, consumer: Consumer, indexer: Indexer, room: str, find: Find
) -> None:
    log.send(room, content="một")
    log.repeat(log.records[0])
    log.send(room, tenant_id="another", content="hai")
    log.change(EDITED, room, messageId="nothing", content="ba")
    log.append(b"{", key=room)
    log.append(b"{}", key=room, event_type=None)
    log.append({"conversationId": room}, event_type="SomethingElse")
    log.send(room, content="bốn")
    consumer.apply(log.records)
    assert len(consumer.dead_letters.letters) == 4

    indexer.apply(log.records)

    assert [find(term) for term in ("mot", "hai", "ba", "bon")] == [[1], [], [], [2]]


def test_a_conversation_that_does_not_exist_is_waited_for_until_its_records_are_handled(
    log: Log, consumer: Consumer, indexer: Indexer, room: str, find: Find
) -> None:
    log.send("0199aaaa-9999-7222-8333-444455556666", content="một")
    log.send(room, content="hai")

    with pytest.raises(RetryLater, match="2 records"):
        indexer.apply(log.records)
    consumer.apply(log.records)
    with pytest.raises(RetryLater, match="1 records"):
        indexer.apply(log.records)
    lost = log.records[0]
    indexer.committed_by_storing[lost.partition] = lost.offset
    with pytest.raises(RetryLater):
        indexer.apply(log.records)
    indexer.committed_by_storing[lost.partition] = lost.offset + 1
    indexer.apply(log.records)

    assert find("hai") == [1]


def test_a_conversation_that_is_founded_before_its_record_is_handled_is_not_lost(
    log: Log, consumer: Consumer, indexer: Indexer, conversation: MakeConversation
) -> None:
    room = "0199aaaa-8888-7222-8333-444455556666"
    log.send(room, content="một")
    with pytest.raises(RetryLater):
        indexer.apply(log.records)

    conversation(conversation_id=room)
    consumer.apply(log.records)
    indexer.apply(log.records)

    assert [document["words"] for document in indexed(room)] == [["mot", "mo*"]]


def test_reactions_and_reads_are_passed_over(
    log: Log, consumer: Consumer, indexer: Indexer, room: str
) -> None:
    message_id = log.send(room)
    consumer.apply(log.records)
    log.change(REACTED, room, messageId=message_id, emojiCode="👍")

    indexer.apply(log.records[1:])

    assert indexed(room) == []


def test_who_has_read_an_older_state_does_not_put_it_over_a_newer_one(
    log: Log,
    consumer: Consumer,
    indexer: Indexer,
    room: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A process that was paused between reading and writing: words of a deleted message."""
    message_id = log.send(room, content="bí mật")
    consumer.apply(log.records)
    log.change(DELETED, room, messageId=message_id)
    write = index._write

    def write_late(updates: Any) -> None:
        monkeypatch.setattr(index, "_write", write)
        consumer.apply(log.records[1:])
        indexer.apply(log.records)
        write(updates)

    monkeypatch.setattr(index, "_write", write_late)
    bring_in([message_id])

    assert [document["words"] for document in indexed(room)] == [[]]


def test_a_batch_costs_three_queries_and_one_write_whatever_is_in_it(
    log: Log, consumer: Consumer, indexer: Indexer, conversation: MakeConversation
) -> None:
    for _ in range(30):
        log.send(conversation())
    consumer.apply(log.records)
    profiled = mongodb.database()
    profiled.drop_collection("system.profile")
    profiled.command("profile", 2)

    indexer.apply(log.records)

    profiled.command("profile", 0)
    name = profiled.name
    commands = [
        (each["op"], each["ns"].removeprefix(f"{name}."))
        for each in profiled["system.profile"].find(
            {"ns": {"$nin": [f"{name}.system.profile", f"{name}.$cmd", f"{name}.accepting"]}}
        )
        if each["op"] != "update"  # one line of the profile for each document of one command
    ]
    assert commands == [
        ("query", "conversations"),
        ("query", search.COLLECTION),
        ("query", "messages"),
    ]


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

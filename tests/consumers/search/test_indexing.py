"""What the indexer leaves in `message_search`; Kafka is played by lists of records."""

from typing import Any

import pytest

from chat_project import mongodb
from consumers.search import index
from consumers.search.index import bring_in
from messaging import search
from tests.consumers.conftest import Consumer, Log
from tests.consumers.search.indexing import (
    DELETED,
    EDITED,
    REACTED,
    Find,
    Indexer,
    MakeConversation,
    indexed,
)


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

"""Messages with very many words are indexed some at a time, and each retry finds more done."""

from typing import Any

import pytest

from chat_project.mongodb import collection
from consumers.errors import RetryLater
from consumers.search import index
from consumers.search.index import bring_in
from messaging import search
from tests.consumers.conftest import Consumer, Log
from tests.consumers.search.indexing import Indexer, MakeConversation, indexed

LONG = " ".join(f"từ{number}" for number in range(900))
MESSAGES = 120


@pytest.fixture
def long_messages(log: Log, consumer: Consumer, room: str) -> list[str]:
    """More than two parts of them."""
    ids = [log.send(room, content=f"{number} {LONG}"[:5_000]) for number in range(MESSAGES)]
    consumer.apply(log.records)
    return ids


def parts_of(monkeypatch: pytest.MonkeyPatch, *, fails_at: int | None = None) -> list[int]:
    """How many documents each write has had so far; at one the server goes away."""
    sizes: list[int] = []
    write = index._write

    def counting(updates: list[Any]) -> None:
        sizes.append(len(updates))
        if len(sizes) == fails_at:
            raise RetryLater("MongoDB: connection closed")
        write(updates)

    monkeypatch.setattr(index, "_write", counting)
    return sizes


def test_a_batch_of_long_messages_is_written_in_parts(
    log: Log,
    indexer: Indexer,
    room: str,
    long_messages: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes = parts_of(monkeypatch)

    indexer.apply(log.records)

    assert len(indexed(room)) == sum(sizes) == MESSAGES
    assert len(sizes) > 1
    assert max(sizes) * 5_000 < 2 * index.PART_BYTES


def test_what_an_attempt_has_done_stays_done(
    log: Log,
    indexer: Indexer,
    room: str,
    long_messages: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        sizes = parts_of(patch, fails_at=2)
        with pytest.raises(RetryLater):
            indexer.apply(log.records)
    first, _second = sizes
    assert len(indexed(room)) == first

    brought = bring_in(long_messages)

    assert (brought.unchanged, brought.added) == (first, MESSAGES - first)


def test_ordinary_messages_are_one_part(
    log: Log,
    consumer: Consumer,
    indexer: Indexer,
    conversation: MakeConversation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(MESSAGES):
        log.send(conversation())
    consumer.apply(log.records)
    sizes = parts_of(monkeypatch)

    indexer.apply(log.records)

    assert sizes == [MESSAGES]


def test_an_import_adds_them_in_parts_too(
    long_messages: list[str], room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "PART_BYTES", 50_000)
    stored = list(collection("messages").find({"conversationId": room}))
    sizes: list[int] = []
    insert = index._insert

    def counting(documents: list[Any]) -> None:
        sizes.append(len(documents))
        insert(documents)

    monkeypatch.setattr(index, "_insert", counting)

    index.add(stored)

    assert (sum(sizes), len(sizes) > 1) == (MESSAGES, True)
    assert collection(search.COLLECTION).count_documents({"conversationId": room}) == MESSAGES

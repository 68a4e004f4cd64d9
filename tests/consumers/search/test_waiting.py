"""The indexer waits for what is not stored yet, and for nothing that never will be."""

import pytest

from consumers.errors import RetryLater
from tests.consumers.conftest import Consumer, Log
from tests.consumers.search.indexing import EDITED, Find, Indexer, MakeConversation, indexed


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

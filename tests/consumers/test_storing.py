"""What a batch leaves in MongoDB (design section 5, steps 2 to 7)."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers import heads
from consumers.audit import digests
from consumers.errors import RetryLater, StopConsuming
from consumers.topics import TopicDescription, generation_of
from messaging.identifiers import fingerprint
from tests.consumers.conftest import Consumer, Log, head, stored
from tests.consumers.dying import die
from tests.consumers.events import event

MakeConversation = Callable[..., str]


def test_a_message_is_stored_in_the_shape_of_the_contract(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation(names={"user-1": "Nguyễn Văn An"})
    mention = {"userId": "user-2", "userName": "Bình", "startIndex": 0, "length": 3}
    message_id = log.send(room, sentAt="2025-11-07T10:00:00.1239999Z", mentions=[mention])

    consumer.apply(log.records)

    [document] = stored(room)
    src = document.pop("src")
    assert document == {
        "_id": message_id,
        "conversationId": room,
        "tenantId": "tenant-1",
        "seq": 1,
        "senderId": "user-1",
        "senderName": "Nguyễn Văn An",
        "type": "Text",
        "content": "Xin chào",
        "status": "Sent",
        "sentAt": datetime(2025, 11, 7, 10, 0, 0, 123_000, UTC),
        "mentions": [mention],
    }
    assert (src["p"], src["o"], len(src["h"])) == (log.records[0].partition, 0, 16)


def test_numbers_follow_the_log_and_the_head_follows_the_numbers(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    one, other = conversation(), conversation()
    ids = [log.send(room) for room in (one, other, one, one)]

    consumer.apply(log.records[:2])
    consumer.apply(log.records[2:])

    assert [(d["_id"], d["seq"]) for d in stored(one)] == [(ids[0], 1), (ids[2], 2), (ids[3], 3)]
    assert [(d["_id"], d["seq"]) for d in stored(other)] == [(ids[1], 1)]
    kept = head(one)
    partition = log.records[0].partition
    assert (kept["lastSeq"], kept["lastMessage"]["messageId"]) == (3, ids[3])
    assert kept["log"][f"p{partition}"]["o"] == 3


def test_the_last_message_is_the_newest_by_its_own_time(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation()
    newest = log.send(room, sentAt="2025-11-07T12:00:00Z", content="newest")
    log.send(room, sentAt="2025-11-07T11:00:00Z", content="dated in the past")

    for each in log.records:
        consumer.apply([each])

    assert head(room)["lastSeq"] == 2
    assert head(room)["lastMessage"] == {
        "messageId": newest,
        "seq": 1,
        "senderId": "user-1",
        "senderName": "An",
        "content": "newest",
        "sentAt": datetime(2025, 11, 7, 12, tzinfo=UTC),
    }


def test_a_redelivery_changes_nothing(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation()
    for _ in range(5):
        log.send(room)
    consumer.apply(log.records)
    before = stored(room), head(room)

    consumer.apply(log.records)
    consumer.apply(log.records[1:3])

    assert (stored(room), head(room)) == before


def test_what_a_crash_left_keeps_its_numbers_however_the_batch_is_cut_again(
    log: Log, consumer: Consumer, conversation: MakeConversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = conversation()
    ids = [log.send(room) for _ in range(6)]
    with monkeypatch.context() as patch:
        patch.setattr(heads, "update_heads", die)
        with pytest.raises(RetryLater):
            consumer.apply(log.records[:4])

    successor = Consumer(log.topic).assigned()
    successor.apply(log.records[:3])
    successor.apply(log.records[3:])

    assert [(d["_id"], d["seq"]) for d in stored(room)] == [(m, i + 1) for i, m in enumerate(ids)]
    assert head(room)["lastSeq"] == 6


def test_a_zombie_that_wakes_up_in_the_middle_changes_nothing(
    log: Log, consumer: Consumer, conversation: MakeConversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = conversation()
    ids = [log.send(room) for _ in range(4)]
    update_heads = heads.update_heads
    owner = Consumer(log.topic).assigned()

    def owner_first(updates: object) -> bool:
        monkeypatch.setattr(heads, "update_heads", update_heads)
        owner.apply(log.records)
        return update_heads(updates)  # type: ignore[arg-type]  # what the writer passed

    monkeypatch.setattr(heads, "update_heads", owner_first)
    consumer.apply(log.records[:2])

    assert [d["_id"] for d in stored(room)] == ids
    assert head(room)["lastSeq"] == 4
    assert head(room)["lastMessage"]["messageId"] == ids[3]


def test_a_duplicate_is_stored_once_in_one_batch_and_over_two(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation()
    log.send(room)
    log.repeat(log.records[0])
    log.send(room)
    log.repeat(log.records[0])

    consumer.apply(log.records[:3])
    consumer.apply(log.records[3:])

    assert [d["seq"] for d in stored(room)] == [1, 2]
    assert head(room)["log"][f"p{log.records[0].partition}"]["o"] == 3
    assert consumer.dead_letters.letters == []


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_another_message_under_a_known_id_is_a_dead_letter(
    log: Log, consumer: Consumer, conversation: MakeConversation, in_one_batch: bool
) -> None:
    room = conversation()
    message_id = log.send(room, content="first")
    log.send(room, content="second", messageId=message_id)

    for batch in [log.records] if in_one_batch else [[each] for each in log.records]:
        consumer.apply(batch)

    assert [d["content"] for d in stored(room)] == ["first"]
    [outcome] = collection("dead_letters").find({"messageId": message_id})
    assert outcome["reason"] == "id_conflict"


def test_a_message_id_of_another_conversation_is_a_conflict(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    one, other = conversation(), conversation()
    message_id = log.send(one)
    log.send(other, messageId=message_id)

    consumer.apply(log.records)

    assert len(stored(one)) == 1
    assert stored(other) == []


def test_a_record_of_an_older_topic_generation_is_done(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation()
    log.send(room)
    consumer.apply(log.records)
    remade = TopicDescription(log.topic, new_id(), 10)
    successor = Consumer(log.topic)
    successor.handler.assigned([remade], {})
    again = Log(log.topic)
    again.send(room)
    successor.apply(again.records)

    log.send(room, content="of the zombie")
    consumer.apply(log.records[1:])

    assert [d["seq"] for d in stored(room)] == [1, 2]
    assert "of the zombie" not in [d["content"] for d in stored(room)]


def test_guids_are_stored_in_lower_case(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation()
    message_id, colleague, file_id = new_id(), new_id(), new_id()
    mentions = [
        {"userId": user_id, "userName": None, "startIndex": 0, "length": 3}
        for user_id in (colleague.upper(), "GV-01")
    ]
    files = [{"attachmentId": file_id.upper()}]
    written = event(
        room.upper(), messageId=message_id.upper(), mentions=mentions, attachments=files
    )
    log.append(written, key=room)

    consumer.apply(log.records)

    [document] = stored(room)
    assert document["_id"] == message_id
    assert [mention["userId"] for mention in document["mentions"]] == [colleague, "GV-01"]
    assert document["attachments"] == [{"attachmentId": file_id}]
    places = [(colleague, 0, 3), ("GV-01", 0, 3)]
    sent = fingerprint(room, "Xin chào", None, places, attachment_ids=[file_id])
    assert document["src"]["h"] == sent
    assert digests.agrees_with_itself(document)


def test_an_empty_reply_id_is_none(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation()
    log.send(room, replyToMessageId="")

    consumer.apply(log.records)

    [document] = stored(room)
    assert document["src"]["h"] == fingerprint(room, "Xin chào", None, [])
    assert digests.agrees_with_itself(document)


def test_partitions_that_the_setting_does_not_know_stop_the_consumer(log: Log) -> None:
    with pytest.raises(StopConsuming, match="KAFKA_PARTITIONS is 10"):
        Consumer(log.topic).handler.assigned([TopicDescription(log.topic, new_id(), 20)], {})


def test_partitions_added_behind_the_registry_stop_the_consumer(log: Log) -> None:
    topic_id = new_id()
    generation_of(TopicDescription(log.topic, topic_id, 5))

    with pytest.raises(StopConsuming, match="create_topics --partitions only"):
        Consumer(log.topic).handler.assigned([TopicDescription(log.topic, topic_id, 10)], {})

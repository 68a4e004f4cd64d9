"""What others learn of a batch: cached heads, broadcasts, outcomes (design section 5, step 8)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from bson import Int64

from chat_project import redis as redis_door
from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.redis import RedisAway
from consumers import effects as effects_module
from consumers import heads
from consumers.errors import RetryLater
from realtime.publisher import conversation_channel, user_channel
from tests.consumers.conftest import Consumer, Log, head, stored
from tests.consumers.listener import Listener

MakeConversation = Callable[..., str]


def test_a_stored_message_is_broadcast_as_its_dto(
    log: Log, consumer: Consumer, conversation: MakeConversation, listener: Listener
) -> None:
    room = conversation()
    listener.on(conversation_channel(room))
    message_id = log.send(room, age_seconds=1)

    consumer.apply(log.records)

    [(name, dto)] = listener.heard()
    assert name == "ReceiveMessage"
    assert (dto["messageId"], dto["seq"], dto["status"]) == (message_id, 1, "Sent")
    assert (dto["reactions"], dto["editedAt"]) == ([], None)


def test_a_message_whose_broadcast_a_crash_prevented_is_broadcast_on_redelivery(
    log: Log,
    consumer: Consumer,
    conversation: MakeConversation,
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = conversation()
    listener.on(conversation_channel(room))
    message_id = log.send(room, age_seconds=1)
    with monkeypatch.context() as patch:
        patch.setattr(effects_module, "publish", _redis_away)
        consumer.apply(log.records)
    assert listener.heard() == []

    consumer.apply(log.records)

    [(name, dto)] = listener.heard()
    assert (name, dto["messageId"]) == ("ReceiveMessage", message_id)


def _redis_away(_: object) -> None:
    raise RedisAway("gone")


def test_a_replay_is_quiet_but_for_one_hint_a_conversation(
    log: Log, consumer: Consumer, conversation: MakeConversation, listener: Listener
) -> None:
    room = conversation()
    listener.on(conversation_channel(room), user_channel("tenant-1", "user-1"))
    for _ in range(3):
        log.send(room, age_seconds=100_000)

    consumer.apply(log.records)
    first = listener.heard()
    consumer.apply(log.records)

    assert first == [("Resync", {"conversationId": room})]
    assert listener.heard() == first


def test_a_late_stored_message_is_told_to_its_sender_alone(
    log: Log, consumer: Consumer, conversation: MakeConversation, listener: Listener
) -> None:
    room = conversation()
    listener.on(conversation_channel(room), user_channel("tenant-1", "user-1"))
    message_id = log.send(room, age_seconds=600)

    consumer.apply(log.records)

    told = listener.heard()
    outcome = {"messageId": message_id, "conversationId": room, "status": "Sent", "seq": 1}
    assert ("MessageOutcome", outcome) in told
    assert ("Resync", {"conversationId": room}) in told
    assert len(told) == 2


def test_a_large_number_of_the_driver_is_told_too(
    log: Log, consumer: Consumer, conversation: MakeConversation, listener: Listener
) -> None:
    room = conversation()
    listener.on(user_channel("tenant-1", "user-1"))
    message_id = log.send(room, age_seconds=600)
    consumer.apply(log.records)
    listener.heard()
    collection("messages").update_one({"_id": message_id}, {"$set": {"seq": Int64(2**31 + 5)}})

    consumer.apply(log.records)

    assert [outcome["seq"] for _, outcome in listener.heard()] == [2**31 + 5]


def test_a_failure_is_told_to_its_sender_alone(
    log: Log, consumer: Consumer, conversation: MakeConversation, listener: Listener
) -> None:
    room = conversation(tenant_id="tenant-2")
    listener.on(conversation_channel(room), user_channel("tenant-1", "user-1"))
    message_id = log.send(room, age_seconds=600)

    consumer.apply(log.records)

    assert listener.heard() == [
        (
            "MessageOutcome",
            {
                "messageId": message_id,
                "conversationId": room,
                "status": "Failed",
                "failureReason": "wrong_tenant",
            },
        )
    ]


def test_users_of_two_schools_share_no_channel_whatever_their_ids_are(
    log: Log, consumer: Consumer, listener: Listener
) -> None:
    listener.on(user_channel("school:a", "b"))
    for tenant_id, sender_id in (("school", "a:b"), ("school:a", "b")):
        log.send(new_id(), tenant_id=tenant_id, senderId=sender_id, age_seconds=1)

    consumer.apply(log.records)

    own = log_id(log, 1)
    assert [outcome["messageId"] for _, outcome in listener.heard()] == [own]


def test_the_cached_head_is_refreshed_and_never_goes_back(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation()
    for _ in range(3):
        log.send(room)
    consumer.apply(log.records)

    consumer.apply(log.records[:1])

    cached = cached_head(room)
    assert (cached["lastSeq"], cached["mark"]["o"]) == (3, 2)
    assert cached["lastMessage"]["messageId"] == log_id(log, 2)


def test_a_head_whose_refresh_a_crash_prevented_is_cached_on_redelivery(
    log: Log, consumer: Consumer, conversation: MakeConversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = conversation()
    log.send(room)
    consumer.apply(log.records)
    log.send(room)
    with monkeypatch.context() as patch:
        patch.setattr(effects_module.cache, "refresh_heads", _redis_away)
        consumer.apply(log.records[1:])
    assert cached_head(room)["lastSeq"] == 1

    consumer.apply(log.records[1:])

    cached = cached_head(room)
    assert (cached["lastSeq"], cached["mark"]["o"]) == (2, 1)
    assert cached["lastMessage"]["messageId"] == log_id(log, 1)


def test_large_numbers_of_the_driver_reach_the_cache_too(
    log: Log, consumer: Consumer, conversation: MakeConversation
) -> None:
    room = conversation()
    log.send(room, age_seconds=1)
    consumer.apply(log.records)
    redis_door.client().delete(f"conversation:{room}:head")
    (name, mark), *_ = head(room)["log"].items()
    far = {"lastSeq": Int64(1), f"log.{name}": {"t": Int64(mark["t"]), "o": Int64(2**31 + 5)}}
    collection("conversations").update_one({"_id": room}, {"$set": far})

    consumer.apply(log.records)

    assert cached_head(room)["mark"]["o"] == 2**31 + 5


def cached_head(conversation_id: str) -> Any:
    return json.loads(redis_door.client().get(f"conversation:{conversation_id}:head"))


def log_id(log: Log, offset: int) -> str:
    return str(json.loads(log.records[offset].value or b"")["messageId"])


def test_storing_does_not_depend_on_effects(
    log: Log, consumer: Consumer, conversation: MakeConversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(effects_module, "publish", broken)
    room = conversation()
    log.send(room)

    handled = consumer.apply(log.records)

    assert handled.stop is None
    assert len(stored(room)) == 1


def test_nothing_is_announced_before_it_is_stored(
    log: Log,
    consumer: Consumer,
    conversation: MakeConversation,
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(_: object) -> bool:
        raise RetryLater("MongoDB is away")

    room = conversation()
    listener.on(conversation_channel(room))
    log.send(room, age_seconds=1)
    monkeypatch.setattr(heads, "update_heads", away)

    with pytest.raises(RetryLater):
        consumer.apply(log.records)

    assert listener.heard() == []


def test_a_large_batch_is_told_in_parts(
    log: Log, consumer: Consumer, conversation: MakeConversation, listener: Listener
) -> None:
    rooms = [conversation() for _ in range(300)]
    listener.on(*map(conversation_channel, rooms))
    for room in rooms:
        log.send(room, age_seconds=1, content="x" * 5_000)

    consumer.apply(log.records)

    heard = [data["conversationId"] for _, data in listener.heard()]
    assert heard == rooms

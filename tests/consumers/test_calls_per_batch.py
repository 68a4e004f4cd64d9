"""How many commands to MongoDB and Redis a batch costs, whatever is in it."""

from collections.abc import Callable
from typing import Any

import pytest
from redis.connection import Connection

from chat_project import mongodb, redis
from consumers.halves import LEAST
from tests.consumers.conftest import Consumer, Log

MakeConversation = Callable[..., str]

LIVE = {"age_seconds": 1.0}
AT = "2025-11-07T10:06:00Z"


class Cost:
    """Commands by kind since its making, as the servers' own counters and our Redis client say."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.redis = 0
        send = Connection.send_packed_command

        def counting(*arguments: Any, **options: Any) -> Any:
            self.redis += 1
            return send(*arguments, **options)

        redis.client().ping()
        monkeypatch.setattr(Connection, "send_packed_command", counting)
        self._before = self._commands()

    def mongodb(self) -> dict[str, int]:
        return {name: count - self._before[name] for name, count in self._commands().items()}

    def _commands(self) -> dict[str, int]:
        commands = mongodb.database().command("serverStatus")["metrics"]["commands"]
        finds = len(self._finds())
        return {name: int(commands[name]["total"]) for name in ("insert", "update")} | {
            "find": finds
        }

    def _finds(self) -> list[Any]:
        """By collection: the gate's own look at `accepting`, once a second, does not count."""
        name = mongodb.database().name
        of_a_batch = [f"{name}.{each}" for each in ("messages", "conversations", "participants")]
        profile = mongodb.database()["system.profile"]
        return list(profile.find({"op": "query", "ns": {"$in": of_a_batch}}))


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch, consumer: Consumer) -> Any:
    profiled = mongodb.database()
    profiled.drop_collection("system.profile")
    profiled.command("profile", 2)
    yield lambda: Cost(monkeypatch)
    profiled.command("profile", 0)


def test_a_small_batch_costs_five_commands_and_two_round_trips(
    log: Log, consumer: Consumer, conversation: MakeConversation, cost: Callable[[], Cost]
) -> None:
    for room in (conversation(), conversation(), conversation()):
        log.send(room, **LIVE)
        log.send(room, **LIVE)
    counted = cost()

    consumer.apply(log.records)

    assert counted.mongodb() == {"find": 3, "insert": 1, "update": 1}, "heads, ids and names"
    assert counted.redis == 2, "heads and announcements"


def test_a_large_batch_is_written_in_two_halves(
    log: Log, consumer: Consumer, conversation: MakeConversation, cost: Callable[[], Cost]
) -> None:
    for _ in range(LEAST):
        log.send(conversation(), **LIVE)
    counted = cost()

    consumer.apply(log.records)

    assert counted.mongodb() == {"find": 3, "insert": 2, "update": 2}
    assert counted.redis == 2


@pytest.mark.parametrize("kind", ["MessageEditedEvent", "MessageDeletedEvent"])
def test_what_is_told_of_changes_costs_one_query_whatever_they_take_away(
    log: Log,
    consumer: Consumer,
    conversation: MakeConversation,
    cost: Callable[[], Cost],
    kind: str,
) -> None:
    room = conversation()
    message_id = log.send(room)
    consumer.apply(log.records)
    log.change(kind, room, messageId=message_id, content="changed", **LIVE)
    log.send(room, replyToMessageId=message_id, **LIVE)
    counted = cost()

    consumer.apply(log.records[1:])

    assert counted.mongodb()["find"] == 4, "heads, ids, the quoted message, what is told"
    assert counted.redis == 2


def test_a_batch_of_readings_costs_two_commands_and_one_more_to_tell_of_late_ones(
    log: Log, consumer: Consumer, conversation: MakeConversation, cost: Callable[[], Cost]
) -> None:
    rooms = [conversation(names={"reader": "Bình", "other": "An"}) for _ in range(3)]
    for room in rooms:
        log.send(room)
        log.send(room)
    consumer.apply(log.records)
    for seq, finds in ((2, 1), (1, 2)):
        before = len(log.records)
        for room in rooms:
            for user in ("reader", "other"):
                log.change("MessagesReadEvent", room, userId=user, upToSeq=seq, readAt=AT, **LIVE)
        counted = cost()

        consumer.apply(log.records[before:])

        assert counted.mongodb() == {"find": finds, "insert": 0, "update": 1}
        assert counted.redis == 1, "announcements"

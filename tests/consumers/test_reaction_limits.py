"""How many reactions a message keeps, so that nobody can fill its document."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chat_project.mongodb import collection
from consumers import effects
from messaging.changes import MAX_REACTIONS, MAX_REACTIONS_OF_A_USER
from tests.consumers.conftest import Consumer, Log, stored

REACTED, UNREACTED = "MessageReactionAddedEvent", "MessageReactionRemovedEvent"

FIRST = [f"emoji {number}" for number in range(MAX_REACTIONS_OF_A_USER)]


@pytest.fixture
def room(conversation: Callable[..., str]) -> str:
    return conversation(names={"user-1": "An", "user-2": "Bình"})


def kept(room: str) -> list[tuple[str, str]]:
    [document] = stored(room)
    return [(each["userId"], each["emojiCode"]) for each in document.get("reactions", ())]


def react(log: Log, room: str, message_id: str, user: str, *emojis: str, **more: Any) -> None:
    for emoji in emojis:
        log.change(REACTED, room, messageId=message_id, userId=user, emojiCode=emoji, **more)


def fill(message_id: str, count: int) -> None:
    """As many users' reactions as that, in the stored message."""
    at = datetime(2025, 11, 7, 11, tzinfo=UTC)
    found = [
        {"emojiCode": "👍", "userId": f"reader-{number}", "reactedAt": at}
        for number in range(count)
    ]
    collection("messages").update_one({"_id": message_id}, {"$set": {"reactions": found}})


def test_a_user_has_the_first_reactions_and_takes_nobody_elses_room(
    log: Log, consumer: Consumer, room: str
) -> None:
    message_id = log.send(room)
    react(log, room, message_id, "user-1", *FIRST, "one too many", FIRST[0])
    react(log, room, message_id, "user-2", "👍")

    consumer.apply(log.records)

    assert kept(room) == [*(("user-1", emoji) for emoji in FIRST), ("user-2", "👍")]
    assert consumer.dead_letters.letters == []


def test_a_reaction_that_is_taken_back_makes_room(log: Log, consumer: Consumer, room: str) -> None:
    message_id = log.send(room)
    react(log, room, message_id, "user-1", *FIRST, "too early")
    log.change(UNREACTED, room, messageId=message_id, userId="user-1", emojiCode=FIRST[0])
    react(log, room, message_id, "user-1", "in time")

    consumer.apply(log.records)

    assert kept(room) == [("user-1", emoji) for emoji in (*FIRST[1:], "in time")]


def test_a_replay_of_any_part_ends_with_the_same_reactions(
    log: Log, consumer: Consumer, room: str
) -> None:
    message_id = log.send(room)
    react(log, room, message_id, "user-1", *FIRST, "too early")
    log.change(UNREACTED, room, messageId=message_id, userId="user-1", emojiCode=FIRST[3])
    consumer.apply(log.records)
    before = stored(room)

    for start in range(len(log.records)):
        Consumer(log.topic).assigned().apply(log.records[start:])

    assert stored(room) == before


def test_a_full_message_takes_no_reaction_and_loses_none(
    log: Log, consumer: Consumer, room: str
) -> None:
    message_id = log.send(room)
    consumer.apply(log.records)
    fill(message_id, MAX_REACTIONS - 1)
    react(log, room, message_id, "user-1", "the last one", "one too many")
    react(log, room, message_id, "reader-0", "👍")

    consumer.apply(log.records[1:])

    assert len(kept(room)) == MAX_REACTIONS
    assert kept(room)[-1] == ("user-1", "the last one")


def test_a_message_that_has_more_from_earlier_keeps_them(
    log: Log, consumer: Consumer, room: str
) -> None:
    message_id = log.send(room)
    consumer.apply(log.records)
    fill(message_id, MAX_REACTIONS + 5)
    before = kept(room)
    react(log, room, message_id, "user-1", "one too many")

    consumer.apply(log.records[1:])

    assert kept(room) == before


def test_only_what_is_kept_is_told(
    log: Log, consumer: Consumer, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = log.send(room)
    react(log, room, message_id, "user-1", *FIRST[1:])
    consumer.apply(log.records)
    told: list[Any] = []
    monkeypatch.setattr(effects, "publish", told.extend)
    react(log, room, message_id, "user-1", FIRST[0], "one too many", age_seconds=1)

    consumer.apply(log.records[-2:])

    [announcement] = told
    assert (announcement.event, announcement.data["emojiCode"]) == ("MessageReacted", FIRST[0])

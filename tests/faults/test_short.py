"""The short part of the fault suite: fixed seeds, the cheap ways to fail, one round each."""

from collections.abc import Callable, Iterator

import pytest

from devstack import Stack
from tests.faults.oracle import recount
from tests.faults.round import Round, running_round
from tests.faults.rows.all import ROWS, WAYS
from tests.faults.rows.kinds import Way
from tests.faults.runner import Plan, run_round
from tests.faults.servers import Servers

CHOSEN: list[tuple[str, str, str, int]] = [
    ("kill -9", "after half of insert", "classic", 1),
    ("zombie", "after read-ids", "consumer", 1),
    ("rebalance storm", "a member is replaced", "consumer", 1),
    ("Kafka", "the only broker hanging", "classic", 1),
    ("MongoDB", "replies cut after the write", "classic", 1),
    ("Redis", "flushed", "consumer", 1),
    ("poison", "nothing else", "classic", 1),
    ("duplicates", "with other content", "consumer", 3),
    ("full replay", "offsets to 0", "classic", 1),
    ("edits", "kill -9 after half of apply-changes", "classic", 1),
    ("deletions", "zombie after read-ids", "consumer", 1),
    ("reactions", "offsets to 0", "classic", 1),
    ("read positions", "kill -9 after move-positions", "consumer", 1),
    ("API", "kill -9 of a worker", "classic", 1),
    ("clock", "messages dated in the past", "consumer", 1),
    ("roster", "kill -9 after roster-facts", "classic", 1),
    ("roster", "zombie after roster-facts", "consumer", 3),
    ("roster", "duplicates, shuffled", "classic", 3),
    ("roster", "offsets to 0", "consumer", 1),
]

assert {row for row, *_ in CHOSEN} == set(ROWS)

Damage = Callable[[Round], object]


@pytest.fixture(scope="module")
def servers(private_stack: Callable[..., Stack]) -> Iterator[Servers]:
    made = Servers(private_stack())
    yield made
    made.close()


def way_named(row: str, name: str) -> Way:
    [way] = [way for way in WAYS if (way.row, way.name) == (row, name)]
    return way


@pytest.mark.parametrize(("row", "name", "protocol", "consumers"), CHOSEN)
def test_after_the_fault_everything_is_there_once(
    servers: Servers, row: str, name: str, protocol: str, consumers: int
) -> None:
    plan = Plan(way_named(row, name), f"short/{row}/{name}", protocol, consumers)

    entry = run_round(servers, plan)

    assert entry.differences == []
    assert entry.acknowledged > 0


DAMAGES: dict[str, tuple[Damage, str]] = {
    "a message is lost": (
        lambda one: one.database["messages"].delete_one({"seq": 1, **_busiest(one)}),
        "is lost",
    ),
    "a message has other content": (
        lambda one: one.database["messages"].update_one(_busiest(one), {"$set": {"content": "x"}}),
        "other content",
    ),
    "an edit is lost": (
        lambda one: one.database["messages"].update_one(
            {"history": {"$exists": True}}, {"$unset": {"history": "", "rev": ""}}
        ),
        "history is []",
    ),
    "a reaction is there twice": (
        lambda one: one.database["messages"].update_one(
            {"reactions": {"$exists": True}},
            [{"$set": {"reactions": {"$concatArrays": ["$reactions", "$reactions"]}}}],
        ),
        "reactions is",
    ),
    "a deleted text is back": (
        lambda one: one.database["messages"].update_one(
            {"isDeleted": True}, {"$set": {"content": "x"}}
        ),
        "content is 'x'",
    ),
    "a mention is lost": (
        lambda one: one.database["messages"].update_one(
            {"mentions": {"$exists": True}}, {"$pop": {"mentions": 1}}
        ),
        "mentions is",
    ),
    "a read position is too low": (
        lambda one: one.database["participants"].update_one(
            {"readSeq": {"$gt": 0}}, {"$inc": {"readSeq": -1}}
        ),
        "has read up to",
    ),
    "a number is left out": (
        lambda one: one.database["messages"].update_one(
            {"seq": 1, **_busiest(one)}, {"$set": {"seq": 1_000}}
        ),
        "the numbers are",
    ),
    "lastSeq is too high": (
        lambda one: one.database["conversations"].update_one({}, {"$inc": {"lastSeq": 1}}),
        "lastSeq is",
    ),
    "lastMessage is another": (
        lambda one: one.database["conversations"].update_one(
            {}, {"$set": {"lastMessage.messageId": "x"}}
        ),
        "lastMessage is not the newest",
    ),
    "a mark is wrong": (
        lambda one: one.database["conversations"].update_one(
            {}, {"$set": {"log": {"p0": {"t": 1, "o": 100_000}}}}
        ),
        "the mark is",
    ),
    "a dead letter's outcome is lost": (
        lambda one: one.database["dead_letters"].delete_one({}),
        "the collection dead_letters lacks",
    ),
    "a record is both stored and dead": (
        lambda one: one.database["dead_letters"].insert_one(_letter_of_a_stored_one(one)),
        "is stored and dead letter",
    ),
}


def test_the_oracle_finds_every_kind_of_damage(servers: Servers) -> None:
    with running_round(servers, seed="damage", protocol="classic", consumers=1) as one:
        one.load.send(150)
        one.consume()
        one.settle()
        assert one.recount().differences == []

        found = {name: _differences_after(one, damage) for name, (damage, _) in DAMAGES.items()}

    for name, (_, text) in DAMAGES.items():
        assert any(text in difference for difference in found[name]), (name, found[name])


def _differences_after(one: Round, damage: Damage) -> list[str]:
    """Recounts the damaged database, and puts everything back."""
    names = ("messages", "conversations", "participants", "dead_letters")
    before = {name: list(one.database[name].find()) for name in names}
    damage(one)
    counted = recount(one.connection, one.name, one.topic, one.database, one.load.acknowledged)
    for name, documents in before.items():
        one.database[name].delete_many({})
        one.database[name].insert_many(documents)
    return counted.differences


def _busiest(one: Round) -> dict[str, str]:
    return {"conversationId": next(iter(one.rooms))}


def _letter_of_a_stored_one(one: Round) -> dict[str, object]:
    stored = one.database["messages"].find_one({"src": {"$exists": True}}) or {}
    place = {"topic": one.topic, "partition": stored["src"]["p"], "offset": stored["src"]["o"]}
    return {**place, "reason": "malformed"}

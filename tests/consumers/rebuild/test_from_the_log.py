"""`manage.py rebuild` on real Kafka and MongoDB: from the log, the live database again."""

from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import client, collection, using_database
from tests.consumers.conftest import stored
from tests.consumers.rebuild.lives import COLLECTIONS, Live, MakeConversation, content


def indexes_of(name: str) -> dict[str, Any]:
    with using_database(name):
        return {each: collection(each).index_information() for each in COLLECTIONS}


def test_the_rebuilt_database_equals_the_live_one(
    live: Live, conversation: MakeConversation
) -> None:
    rooms = [conversation(names={"user-1": "An"}) for _ in range(4)]
    for room in rooms[:3]:
        live.pipeline.send(room, 20)
    live.pipeline.produce([b"no event"])
    live.drain()

    rebuilt = live.rebuild()

    assert (rebuilt["copied"], rebuilt["applied"], rebuilt["dead"]) == (0, 61, 1)
    assert sum(rebuilt["upTo"].values()) == 61
    assert [len(each) for each in content(live.name).values()] == [60, 4, 4, 1]
    assert content(live.into) == content(live.name)
    assert indexes_of(live.into) == indexes_of(live.name)
    assert len(live.pipeline.dead_lettered()) == 1


def test_what_came_before_its_conversation_stays_a_dead_letter(
    live: Live, conversation: MakeConversation
) -> None:
    room = new_id()
    live.pipeline.send(room, 2)
    live.drain()
    conversation(conversation_id=room)
    live.pipeline.send(room, 3)
    live.drain()

    live.rebuild()

    assert [len(each) for each in content(live.name).values()] == [3, 1, 0, 2]
    assert content(live.into) == content(live.name)


def test_what_a_redelivery_stored_after_all_is_stored(
    live: Live, conversation: MakeConversation
) -> None:
    room = new_id()
    live.pipeline.send(room, 2)
    live.drain()
    conversation(conversation_id=room)
    assert live.command("replay", "--from", "beginning", "--yes")[0] == 0
    live.drain()

    live.rebuild()

    assert [len(each) for each in content(live.name).values()] == [2, 1, 0, 2]
    assert content(live.into) == content(live.name)


def test_other_numbers_than_the_live_ones_are_told(
    live: Live, conversation: MakeConversation
) -> None:
    room = conversation()
    live.pipeline.send(room, 4)
    live.drain()
    for document in reversed(stored(room)[1:]):
        seq = document["seq"] + 1
        collection("messages").update_one({"_id": document["_id"]}, {"$set": {"seq": seq}})

    code, output = live.command("rebuild", "--into", live.into, "--yes")

    assert code == 1
    assert f"3 messages of {live.into} have other numbers than in {live.name}" in output


def test_a_replay_from_its_start_brings_the_rebuilt_database_up_to_date(
    live: Live, conversation: MakeConversation
) -> None:
    room = conversation()
    live.pipeline.send(room, 5)
    live.drain()
    rebuilt = live.rebuild()
    live.pipeline.send(room, 5)
    live.drain()
    assert content(live.into) != content(live.name)

    live.pipeline.variables["MONGODB_DATABASE"] = live.into
    code, output = live.command("replay", "--from", rebuilt["startedAt"], "--yes")
    assert code == 0, output
    live.drain()

    assert content(live.into) == content(live.name)


@pytest.mark.parametrize(
    ("into", "told"),
    [("{name}", "is the live database"), ("{full}", "is not empty (messages"), ("a b", "no name")],
    ids=["the live one", "not empty", "no name"],
)
def test_another_target_than_an_empty_database_is_refused(live: Live, into: str, told: str) -> None:
    client()[live.into]["messages"].insert_one({"_id": "1"})

    code, output = live.command(
        "rebuild", "--into", into.format(name=live.name, full=live.into), "--yes"
    )

    assert code == 2
    assert told in output
    assert client()[live.into].list_collection_names() == ["messages"]


def test_without_a_terminal_it_wants_a_yes(live: Live) -> None:
    code, output = live.command("rebuild", "--into", live.into)

    assert code == 2
    assert "--yes" in output
    assert client()[live.into].list_collection_names() == []

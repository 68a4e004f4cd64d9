"""What the log does not hold any more, or never did, is copied from the live database."""

import pytest

from chat_project.mongodb import Document, collection, database
from consumers.messages import tombstone_document
from tests.consumers.conftest import head, stored
from tests.consumers.events import event
from tests.consumers.rebuild.lives import Live, MakeConversation, content


def lasts(name: str) -> dict[str, int]:
    return {each["_id"]: each["lastSeq"] for each in content(name)["conversations"]}


def put_tombstone_in_place_of(document: Document) -> None:
    """As `reconcile --repair` does with a foreign message."""
    room, seq = document["conversationId"], document["seq"]
    collection("messages").delete_one({"_id": document["_id"]})
    collection("messages").insert_one(tombstone_document(room, "tenant-1", seq, document["sentAt"]))


def test_messages_older_than_the_log_are_copied(live: Live, conversation: MakeConversation) -> None:
    partly, wholly, quiet = (conversation() for _ in range(3))
    for room in (partly, wholly):
        live.pipeline.send(room, 10)
    live.drain()
    put_tombstone_in_place_of(stored(partly)[2])
    live.forget_records(partly, stored(partly)[5]["src"]["o"])
    live.forget_records(wholly, stored(wholly)[-1]["src"]["o"] + 1)
    live.pipeline.send(partly, 5)
    live.drain()

    rebuilt = live.rebuild()

    assert rebuilt["copied"] >= 15
    assert rebuilt["copied"] + rebuilt["applied"] == 25
    assert (head(partly)["lastSeq"], head(wholly)["lastSeq"], head(quiet)["lastSeq"]) == (15, 10, 0)
    assert content(live.into) == content(live.name)


def test_messages_of_an_earlier_life_of_the_topic_are_copied(
    live: Live, conversation: MakeConversation
) -> None:
    room, quiet = conversation(), conversation()
    for each in (room, quiet):
        live.pipeline.send(each, 6)
    live.drain()
    live.make_topic_again()
    live.pipeline.send(room, 4)
    live.drain()

    rebuilt = live.rebuild()

    assert (rebuilt["copied"], rebuilt["applied"]) == (12, 4)
    assert len({document["src"]["t"] for document in stored(room)}) == 2
    assert content(live.into) == content(live.name)


def test_a_tombstone_within_the_log_is_made_again(
    live: Live, conversation: MakeConversation
) -> None:
    room = conversation()
    refuse = {"content": {"$ne": "refuse me"}}
    database().command({"collMod": "messages", "validator": refuse})
    live.pipeline.produce([event(room, content=text) for text in ("one", "refuse me", "two")])
    live.drain()

    live.rebuild()

    assert [document.get("isDeleted") for document in stored(room)] == [None, True, None]
    assert content(live.into) == content(live.name)


@pytest.mark.parametrize("later", [0, 3], ids=["the last of all", "with messages in the log"])
def test_a_tombstone_that_no_record_makes_is_copied(
    live: Live, conversation: MakeConversation, later: int
) -> None:
    room = conversation()
    live.pipeline.send(room, 6)
    live.drain()
    live.forget_records(room, stored(room)[-1]["src"]["o"] + 1)
    put_tombstone_in_place_of(stored(room)[-1])
    live.pipeline.send(room, later)
    live.drain()

    live.rebuild()

    assert head(room)["lastSeq"] == 6 + later
    assert content(live.into)["messages"] == content(live.name)["messages"]
    assert lasts(live.into) == lasts(live.name)


def test_a_tombstone_behind_the_messages_of_the_log_is_copied(
    live: Live, conversation: MakeConversation
) -> None:
    room = conversation()
    live.pipeline.send(room, 3)
    live.drain()
    last = stored(room)[-1]
    collection("messages").insert_one(tombstone_document(room, "tenant-1", 4, last["sentAt"]))
    collection("conversations").update_one({"_id": room}, {"$set": {"lastSeq": 4}})

    live.rebuild()

    assert content(live.into) == content(live.name)

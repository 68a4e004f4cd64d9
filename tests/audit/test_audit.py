"""What an audit finds, each kind of difference made by hand in a conversation of its own."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from consumers.audit import Kind
from consumers.messages import tombstone_document
from tests.audit.conftest import REPLY, Filled, Room


def test_a_healthy_conversation_has_no_differences(room: Room) -> None:
    report = room.audit()

    assert report.is_clean, report.findings
    assert report.checked["messages"] == 6
    assert report.in_flight.count == 0
    assert report.cache_checked


def lose_the_middle(room: Room) -> None:
    collection("messages").delete_one({"_id": room.message(3)["_id"]})


def lose_the_last(room: Room) -> None:
    collection("messages").delete_one({"_id": room.message(6)["_id"]})


def double(room: Room) -> None:
    twin = {**room.message(2), "_id": new_id(), "seq": 7}
    collection("messages").insert_one(twin)
    room.change_head(lastSeq=7)


def store_a_stranger(room: Room) -> None:
    document = room.message(6)
    src = {**document["src"], "o": 10_000_000}
    collection("messages").insert_one({**document, "_id": new_id(), "seq": 7, "src": src})
    room.change_head(lastSeq=7)


def change_the_text(room: Room) -> None:
    room.change_message(2, content="something else")


def change_the_sender(room: Room) -> None:
    room.change_message(2, senderId="user-9")


def hide_a_message(room: Room) -> None:
    room.change_message(2, isDeleted=True)


def hide_the_last(room: Room) -> None:
    room.change_message(6, isDeleted=True)


def forge_an_edit(room: Room) -> None:
    room.change_message(2, content="something else", editedAt=room.message(2)["sentAt"])


def change_the_status(room: Room) -> None:
    room.change_message(2, status="Failed")


def forge_a_quote(room: Room) -> None:
    room.change_message(REPLY, **{"replyTo.content": "what nobody said"})


def change_the_place(room: Room) -> None:
    place = room.message(2)["src"]
    room.change_message(2, src={**place, "o": place["o"] + 1})


def make_a_gap(room: Room) -> None:
    """A tombstone's number is empty: no record is behind it."""
    collection("messages").update_one({"_id": room.message(6)["_id"]}, {"$set": {"seq": 7}})
    room.change_head(lastSeq=7)
    room.change_head(**{"lastMessage.seq": 7})


def swap_two_numbers(room: Room) -> None:
    room.change_message(3, seq=1_000)
    room.change_message(5, seq=3)
    room.change_message(1_000, seq=5)


def lower_the_last_number(room: Room) -> None:
    room.change_head(lastSeq=4)


def raise_the_last_number(room: Room) -> None:
    room.change_head(lastSeq=9)


def change_the_last_message(room: Room) -> None:
    room.change_head(**{"lastMessage.content": "old"})


def point_the_last_message_elsewhere(room: Room) -> None:
    first = room.message(1)
    room.change_head(lastMessage={**room.head()["lastMessage"], "messageId": first["_id"]})


def mark_path(room: Room) -> str:
    return f"log.{next(iter(room.head()['log']))}"


def lower_the_mark(room: Room) -> None:
    room.change_head(**{f"{mark_path(room)}.o": room.message(2)["src"]["o"]})


def raise_the_mark(room: Room) -> None:
    room.change_head(**{f"{mark_path(room)}.o": 10_000_000})


def forget_the_mark(room: Room) -> None:
    collection("conversations").update_one({"_id": room.id}, {"$unset": {"log": 1}})


def read_too_much(room: Room) -> None:
    query = {"conversationId": room.id, "userId": "user-1"}
    collection("participants").update_one(query, {"$set": {"readSeq": 4}})


def delete_the_conversation(room: Room) -> None:
    collection("conversations").delete_one({"_id": room.id})


def change_the_text_of_a_reply(room: Room) -> None:
    room.change_message(REPLY, content="something else")


def change_the_time_of_a_reply(room: Room) -> None:
    room.change_message(REPLY, sentAt=room.message(1)["sentAt"] - timedelta(days=1))


def forget_what_a_reply_answers(room: Room) -> None:
    query = {"conversationId": room.id, "seq": REPLY}
    collection("messages").update_one(query, {"$unset": {"replyTo": 1}})


CORRUPTIONS: list[tuple[Callable[[Room], None], set[Kind]]] = [
    (lose_the_middle, {Kind.LOST, Kind.GAP}),
    (lose_the_last, {Kind.LOST, Kind.WRONG_NUMBER, Kind.WRONG_LAST_MESSAGE}),
    (double, {Kind.DOUBLED}),
    (store_a_stranger, {Kind.FOREIGN}),
    (change_the_text, {Kind.WRONG_CONTENT}),
    (change_the_sender, {Kind.WRONG_CONTENT}),
    (change_the_text_of_a_reply, {Kind.WRONG_CONTENT}),
    (change_the_time_of_a_reply, {Kind.WRONG_CONTENT}),
    (forget_what_a_reply_answers, {Kind.WRONG_CONTENT}),
    (hide_a_message, {Kind.WRONG_CONTENT, Kind.WRONG_UNREAD}),
    (hide_the_last, {Kind.WRONG_CONTENT, Kind.WRONG_UNREAD}),
    (forge_an_edit, {Kind.WRONG_CONTENT}),
    (change_the_status, {Kind.WRONG_CONTENT}),
    (forge_a_quote, {Kind.WRONG_CONTENT}),
    (change_the_place, {Kind.WRONG_CONTENT}),
    (make_a_gap, {Kind.GAP}),
    (swap_two_numbers, {Kind.WRONG_NUMBER}),
    (lower_the_last_number, {Kind.WRONG_NUMBER}),
    (raise_the_last_number, {Kind.WRONG_NUMBER}),
    (change_the_last_message, {Kind.WRONG_LAST_MESSAGE}),
    (point_the_last_message_elsewhere, {Kind.WRONG_LAST_MESSAGE}),
    (lower_the_mark, {Kind.WRONG_MARK}),
    (raise_the_mark, {Kind.WRONG_MARK}),
    (forget_the_mark, {Kind.WRONG_MARK}),
    (read_too_much, {Kind.WRONG_UNREAD}),
    (delete_the_conversation, {Kind.FOREIGN, Kind.ORPHAN_PARTICIPANT}),
]


@pytest.mark.parametrize(
    ("corrupt", "kinds"), CORRUPTIONS, ids=[corrupt.__name__ for corrupt, _ in CORRUPTIONS]
)
def test_each_corruption_is_found(
    corrupt: Callable[[Room], None], kinds: set[Kind], room: Room
) -> None:
    corrupt(room)

    assert kinds <= room.found().keys()


@pytest.mark.parametrize(
    ("corrupt", "kinds"), CORRUPTIONS, ids=[corrupt.__name__ for corrupt, _ in CORRUPTIONS]
)
def test_each_corruption_is_mended(
    corrupt: Callable[[Room], None], kinds: set[Kind], room: Room
) -> None:
    corrupt(room)

    mended = room.audit(mend=True)

    assert mended.repaired
    assert mended.is_clean, mended.findings
    assert room.audit().is_clean


def test_a_tombstone_in_a_gap_is_no_difference(room: Room) -> None:
    make_a_gap(room)
    tombstone = tombstone_document(room.id, "tenant-1", 6, room.message(5)["sentAt"])
    collection("messages").insert_one(tombstone)

    assert room.found().keys() <= {Kind.WRONG_CACHE}  # lastMessage.seq was changed by hand


def test_what_nobody_has_handled_is_in_flight_and_not_lost(filled: Filled, room: Room) -> None:
    filled.pipeline.send(room.id, 2)

    report = room.audit()

    assert report.is_clean, report.findings
    assert report.in_flight.count == 2
    assert report.in_flight.oldest_seconds is not None

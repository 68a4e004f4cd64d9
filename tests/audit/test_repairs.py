"""What a repair leaves alone, and what it counts."""

import pytest

from chat_project.mongodb import collection
from consumers.audit import Kind
from consumers.audit.repair.numbers import Numbered, exchanges, out_of_order
from consumers.log_reader import LogReader
from tests.audit.conftest import Room


def expire(room: Room) -> None:
    """Its messages are of an older life of the topic."""
    for message in room.messages():
        src = {**message["src"], "t": 0}
        collection("messages").update_one({"_id": message["_id"]}, {"$set": {"src": src}})


def numbers(room: Room) -> dict[str, int]:
    return {each["_id"]: each["seq"] for each in room.messages()}


def test_a_copy_of_an_expired_record_behind_the_last_is_foreign(room: Room) -> None:
    expire(room)
    before, third = room.messages(), room.message(3)
    src = {**third["src"], "o": third["src"]["o"] - 1}
    collection("messages").insert_one({**third, "_id": f"copy of {room.id}", "seq": 7, "src": src})

    assert Kind.FOREIGN in room.found()

    mended = room.audit(mend=True)
    assert mended.is_clean, mended.findings
    assert room.messages() == before


def test_a_head_that_was_set_back_keeps_its_expired_messages(room: Room) -> None:
    expire(room)
    before = room.messages()
    room.change_head(lastSeq=4)

    assert Kind.FOREIGN not in room.found()

    assert room.audit(mend=True).is_clean
    assert room.messages() == before


def test_one_misplaced_message_moves_no_other(room: Room) -> None:
    room.change_message(6, seq=1_000)
    for seq in (5, 4, 3, 2):
        room.change_message(seq, seq=seq + 1)
    room.change_message(1_000, seq=2)
    before = numbers(room)

    assert room.found()[Kind.WRONG_NUMBER]

    mended = room.audit(mend=True)
    assert mended.is_clean, mended.findings
    assert numbers(room) == before
    assert [each["seq"] for each in room.messages() if "restoredAt" in each] == [2]


@pytest.mark.parametrize(
    ("places", "misplaced", "moved"),
    [
        ("abcdef", "", ""),
        ("abedcf", "ed", "ce"),
        ("bcdefa", "a", "abcdef"),
        ("fabcde", "f", "abcdef"),
        ("acbd", "c", "bc"),
    ],
)
def test_the_fewest_messages_are_out_of_order(places: str, misplaced: str, moved: str) -> None:
    found = [Numbered(each, seq, each.encode()) for seq, each in enumerate(places, start=1)]

    assert len(out_of_order(found)) == len(misplaced)
    assert set(exchanges(found)) == set(moved)


def test_what_does_not_change_is_not_counted_and_not_noted(room: Room) -> None:
    """The records say another tenant than the conversation: no message is wrong."""
    room.change_head(tenantId="tenant-2")

    mended = room.audit(mend=True)

    assert mended.differences[Kind.WRONG_CONTENT] == 6
    assert mended.repaired == 0
    targets = [f"message {each['_id']}" for each in room.messages()]
    assert collection("audit_log").count_documents({"target": {"$in": targets}}) == 0


def test_an_old_message_gets_the_tenant_of_its_conversation(room: Room) -> None:
    expire(room)
    room.change_message(2, tenantId="tenant-2")

    assert room.found() == {Kind.WRONG_CONTENT: 1}

    mended = room.audit(mend=True)
    assert (mended.repaired, mended.differences) == (1, {})
    assert room.message(2)["tenantId"] == "tenant-1"


def test_lost_records_are_read_together(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    read = LogReader.read

    def counted(self: LogReader, topic: str, spans: object) -> object:
        reads.append(topic)
        return read(self, topic, spans)  # type: ignore[arg-type]  # as it came

    collection("messages").delete_many({"conversationId": room.id, "seq": {"$in": [1, 3, 5]}})
    monkeypatch.setattr(LogReader, "read", counted)
    room.audit()
    for_the_audit = len(reads)
    reads.clear()

    assert room.audit(mend=True).is_clean
    looks = 3  # each reads what is new in the dead-letter topic
    assert len(reads) <= for_the_audit + looks + 1

"""What the replaced system's data is known to have wrong: reported, never dropped silently."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
from bson import json_util

from chat_project.mongodb import collection
from conversations import services
from conversations.values import Person
from tests.history.conftest import SCHOOL, assert_sound, brought, pair_of, run, stored
from tests.history.replaced import (
    ONE_TO_ONE,
    STUDENT_GROUP,
    Document,
    Replaced,
    after,
)


def lines_of(path: Path, kind: str) -> list[Document]:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in lines if line["kind"] == kind]


def test_messages_of_no_conversation_are_kept_whole_in_the_report(
    replaced: Replaced, tmp_path: Path
) -> None:
    lost = replaced.message(str(uuid4()), str(uuid4()), "Ai thấy không?", minutes=1)
    homeless = replaced.message(str(uuid4()), str(uuid4()), "Và đây?", minutes=2)
    one = {"MessageId": replaced.guid(homeless)}
    replaced.database["messages"].update_one(one, {"$unset": {"ConversationId": ""}})

    outcome = brought(replaced, "--report", str(tmp_path / "report"))

    assert (outcome["messages"], outcome["messagesNotBrought"]) == (0, 2)
    lines = lines_of(tmp_path / "report", "unknown_conversation")
    kept = [json_util.loads(json.dumps(line["document"])) for line in lines]
    assert {each["Content"] for each in kept} == {"Ai thấy không?", "Và đây?"}
    assert {bytes(each["MessageId"]) for each in kept} == {
        bytes(replaced.guid(each) or b"") for each in (lost, homeless)
    }


def test_two_conversations_of_one_pair_become_one_in_the_order_of_time(
    replaced: Replaced, tmp_path: Path
) -> None:
    first, mai, dung = pair_of(replaced)
    people = [
        replaced.person(dung, "Dũng", LastReadAt=after(2), UnreadCount=1),
        replaced.person(mai, "Mai", LastReadAt=after(100)),
    ]
    second = replaced.conversation(
        SCHOOL, people, kind=ONE_TO_ONE, name="Dũng - Mai", CreatedAt=after(1)
    )
    one = {"ConversationId": replaced.guid(first)}
    read = [replaced.person(mai, "Mai"), replaced.person(dung, "Dũng", LastReadAt=after(100))]
    replaced.database["conversations"].update_one(one, {"$set": {"Participants": read}})
    a = replaced.message(first, mai, "a", minutes=1)
    b = replaced.message(second, mai, "b", minutes=2)
    c = replaced.message(first, mai, "c", minutes=3)
    quote = {"MessageId": replaced.guid(a), "Content": "a", "SenderName": "Mai"}
    d = replaced.message(second, mai, "d", minutes=4, ReplyTo=quote)

    outcome = brought(replaced, "--report", str(tmp_path / "report"))

    found = stored(first)
    assert [each["_id"] for each in found] == [a, b, c, d]
    assert found[-1]["replyTo"]["content"] == "a"
    assert stored(second) == []
    assert outcome["conversations"]["brought"] == 1
    [line] = lines_of(tmp_path / "report", "merged_pair")
    assert (line["conversationId"], second in line["text"]) == (first, True)
    position = collection("participants").find_one({"conversationId": first, "userId": dung}) or {}
    assert position["readSeq"] == 3, "d was never read, whatever was read in the other one"
    assert position["readAt"] == after(100)
    assert_sound(first)


@pytest.mark.parametrize("deleted", [False, True], ids=["stored", "deleted"])
def test_what_a_person_wrote_in_one_of_two_merged_conversations_is_read_by_them(
    replaced: Replaced, *, deleted: bool
) -> None:
    first, mai, dung = pair_of(replaced)
    people = [replaced.person(dung, "Dũng"), replaced.person(mai, "Mai")]
    second = replaced.conversation(SCHOOL, people, kind=ONE_TO_ONE, CreatedAt=after(1))
    read = [replaced.person(mai, "Mai"), replaced.person(dung, "Dũng", LastReadAt=after(100))]
    replaced.change(first, Participants=read)
    replaced.message(first, mai, "a", minutes=1)
    replaced.message(second, dung, "b", minutes=2, IsDeleted=deleted)
    replaced.message(first, mai, "c", minutes=3)
    replaced.message(second, mai, "d", minutes=4)
    replaced.message(second, dung, "e", minutes=5)

    brought(replaced)

    position = collection("participants").find_one({"conversationId": first, "userId": dung}) or {}
    assert position["readSeq"] == 3, "only d was never read"
    assert_sound(first)


def test_a_second_group_of_a_student_stays_by_itself(replaced: Replaced) -> None:
    mai, student = str(uuid4()), str(uuid4())
    groups = [
        replaced.conversation(
            SCHOOL,
            [replaced.person(mai, "Mai")],
            kind=STUDENT_GROUP,
            name="Student: Bé An",
            metadata={"StudentId": student, "StudentName": "Bé An"},
            CreatedAt=after(minute),
        )
        for minute in range(2)
    ]

    outcome = brought(replaced)

    assert outcome["notes"]["second_group"] == 1
    keys = {
        each["_id"]: each["key"]
        for each in collection("conversations").find({"_id": {"$in": groups}})
    }
    assert keys == {groups[0]: f"student:{SCHOOL}:{student}", groups[1]: groups[1]}


def test_a_wrong_last_message_is_told_and_made_anew(replaced: Replaced) -> None:
    id_, mai, _ = pair_of(replaced)
    old = replaced.message(id_, mai, "cũ", minutes=1)
    new = replaced.message(id_, mai, "mới", minutes=2)
    replaced.message(id_, mai, "xóa", minutes=3, IsDeleted=True)
    replaced.set_last_message(id_, old)

    outcome = brought(replaced)

    assert outcome["notes"]["wrong_last_message"] == 1
    head = collection("conversations").find_one({"_id": id_}) or {}
    assert head["lastMessage"]["messageId"] == new
    assert head["lastSeq"] == 3


@pytest.mark.parametrize("nothing", ["missing", "null", "a text"])
def test_lists_may_be_missing_null_or_none(replaced: Replaced, nothing: str) -> None:
    lists = ("Mentions", "Attachments", "Reactions", "ReadReceipts")
    id_ = replaced.conversation(SCHOOL, None)
    value = {"missing": None, "null": None, "a text": "?"}[nothing]
    fields = {} if nothing == "missing" else dict.fromkeys(lists, value)
    replaced.message(id_, str(uuid4()), "x", minutes=1, **fields)
    if nothing != "null":
        change = (
            {"$unset": {"Participants": ""}} if value is None else {"$set": {"Participants": value}}
        )
        replaced.database["conversations"].update_one({}, change)

    outcome = brought(replaced)

    assert outcome["notes"]["no_participants"] == 1
    [message] = stored(id_)
    assert not {"mentions", "attachments", "reactions"} & message.keys()
    assert_sound(id_)


def test_what_is_over_our_limits_is_kept_whole(replaced: Replaced) -> None:
    id_, mai, _ = pair_of(replaced)
    long = "ă" * 9_000
    replaced.message(id_, mai, long, minutes=1)
    replaced.message(id_, mai, "x", minutes=2, SenderName="n" * 300)
    named = replaced.conversation(SCHOOL, [replaced.person(mai, "m" * 300)], name="n" * 300)

    outcome = brought(replaced)

    assert outcome["notes"]["over_limit"] == 3
    first, second = stored(id_)
    assert (first["content"], second["senderName"]) == (long, "n" * 300)
    group = collection("conversations").find_one({"_id": named}) or {}
    assert group["name"] == "n" * 300
    assert_sound(id_, named)


def test_unreadable_messages_and_conversations_are_told_whole(
    replaced: Replaced, tmp_path: Path
) -> None:
    id_, mai, _ = pair_of(replaced)
    timeless = replaced.message(id_, mai, "khi nào?", minutes=1, SentAt=None)
    replaced.message(id_, mai, "x", minutes=2)
    typeless = replaced.conversation(SCHOOL, [], kind=9)
    replaced.message(typeless, mai, "y", minutes=1)

    outcome = brought(replaced, "--report", str(tmp_path / "report"))

    assert outcome["conversations"]["unreadable"] == 1
    assert outcome["messagesNotBrought"] == 2
    [line] = lines_of(tmp_path / "report", "unreadable_message")
    assert (line["messageId"], line["document"]["Content"]) == (timeless, "khi nào?")
    [line] = lines_of(tmp_path / "report", "unreadable_conversation")
    assert line["conversationId"] == typeless
    [line] = lines_of(tmp_path / "report", "unknown_conversation")
    assert line["document"]["Content"] == "y"
    assert [each["content"] for each in stored(id_)] == ["x"]


def test_a_message_id_that_is_there_twice_counts_once(replaced: Replaced, tmp_path: Path) -> None:
    id_, mai, _ = pair_of(replaced)
    twice = replaced.message(id_, mai, "một", minutes=1)
    replaced.subtype = 7 - replaced.subtype
    replaced.message(id_, mai, "hai", minutes=2, message_id=twice)
    replaced.message(id_, mai, "ba", minutes=3)

    outcome = brought(replaced, "--report", str(tmp_path / "report"))

    assert outcome["messagesNotBrought"] == 1
    assert [(each["seq"], each["content"]) for each in stored(id_)] == [(1, "một"), (2, "ba")]
    [line] = lines_of(tmp_path / "report", "repeated_message")
    assert line["document"]["Content"] == "hai"
    assert_sound(id_)


def test_values_that_are_none_are_replaced_and_told(replaced: Replaced) -> None:
    id_, mai, dung = pair_of(replaced, IsActive=None, UpdatedAt=None)
    replaced.message(id_, mai, "x", minutes=1, Type=77, EditedAt="yesterday", SenderId=None)
    people = [replaced.person(mai, "Mai", 9), replaced.person(dung, "Dũng", "Admin")]
    replaced.change(id_, Participants=[*people, people[0], {"UserName": "ai?"}])

    outcome = brought(replaced)

    assert outcome["notes"]["unknown_value"] == 3
    assert outcome["notes"]["left_out"] == 2
    [message] = stored(id_)
    assert (message["type"], "editedAt" in message) == ("Text", False)
    roles = {
        each["userName"]: each["role"]
        for each in collection("participants").find({"conversationId": id_})
    }
    assert roles == {"Mai": "Member", "Dũng": "Admin"}
    assert_sound(id_)


def test_a_pair_that_writes_here_already_is_refused_and_left_alone(
    replaced: Replaced, tmp_path: Path
) -> None:
    id_, mai, dung = pair_of(replaced)
    replaced.message(id_, mai, "cũ", minutes=1)
    here = services.create_one_to_one(SCHOOL, Person(mai, "Mai"), Person(dung, "Dũng")).settings.id
    before = collection("conversations").find_one({"_id": here})

    code, outcome, error = run(replaced, "--report", str(tmp_path / "report"))

    assert (code, outcome["conversations"]["refused"]) == (1, 1)
    assert "1 conversations were refused" in error
    assert outcome["messagesNotBrought"] == 1
    [line] = lines_of(tmp_path / "report", "refused_conversation")
    assert line["conversationId"] == id_
    assert here in line["text"]
    assert collection("conversations").find_one({"_id": here}) == before
    assert stored(id_) == stored(here) == []
    assert collection("history_imports").find_one({"_id": id_}) is None


def test_what_the_source_got_later_is_told_and_not_brought(replaced: Replaced) -> None:
    id_, mai, _ = pair_of(replaced)
    replaced.message(id_, mai, "x", minutes=2)
    brought(replaced)
    before = stored(id_)
    replaced.message(id_, mai, "y", minutes=1)

    outcome = brought(replaced)

    assert outcome["notes"] == {"changed_since": 1}
    assert outcome["conversations"]["there"] == 1
    assert stored(id_) == before

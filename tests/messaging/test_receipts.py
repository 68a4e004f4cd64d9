"""Who has read a message: status `Read`, receipts and their count, from the read positions."""

from datetime import datetime
from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import services
from conversations.values import ConversationSettings, Person, Role
from messaging import receipts
from tests.conftest import Api
from tests.messaging.conftest import (
    HISTORY,
    MESSAGES,
    NOON,
    Calls,
    SignIn,
    data_of,
    index_of,
    minutes_after_noon,
    store_many,
    store_message,
)

NOON_TEXT = "2025-11-07T12:00:00.000Z"


def read(
    group: ConversationSettings, user_id: str, seq: int, *, at: datetime | None = NOON
) -> None:
    """Moves a participant's position, as the consumer does."""
    moved = collection("participants").update_one(
        {"conversationId": group.id, "userId": user_id}, {"$set": {"readSeq": seq, "readAt": at}}
    )
    assert moved.matched_count == 1


def add_participants(
    group: ConversationSettings, count: int, *, read_seq: int, name: str, has_read: bool = True
) -> None:
    """As many as a large channel has; users `<name>-0000`, `<name>-0001`, …"""
    collection("participants").insert_many(
        {
            "conversationId": group.id,
            "userId": f"{name}-{number:04}",
            "userName": f"{name} {number}",
            "role": "ReadOnly",
            "joinedSeq": 0,
            "readSeq": read_seq,
            "joinedAt": NOON,
            **({"readAt": NOON} if has_read else {}),
        }
        for number in range(count)
    )


def answered(user: Api, group: ConversationSettings, **query: Any) -> dict[int, Any]:
    """The history's page, by number."""
    page = data_of(user.get(HISTORY + group.id, **query))
    return {message["seq"]: message for message in page["messages"]}


def statuses(user: Api, group: ConversationSettings) -> dict[int, str]:
    return {seq: message["status"] for seq, message in answered(user, group).items()}


@pytest.fixture
def three(mai: Api, group: ConversationSettings) -> ConversationSettings:
    """The group with Mai's messages 1 to 3."""
    store_many(group, range(1, 4), senderId=mai.user_id)
    return group


def test_a_message_is_read_once_anothers_position_covers_it(
    mai: Api, colleague: Api, three: ConversationSettings
) -> None:
    assert statuses(mai, three) == {1: "Sent", 2: "Sent", 3: "Sent"}

    read(three, colleague.user_id, 2)

    assert statuses(mai, three) == {1: "Read", 2: "Read", 3: "Sent"}
    assert statuses(colleague, three) == statuses(mai, three)


def test_the_senders_own_position_does_not_count(mai: Api, three: ConversationSettings) -> None:
    read(three, mai.user_id, 3)

    assert statuses(mai, three) == {1: "Sent", 2: "Sent", 3: "Sent"}


def test_to_have_joined_is_not_to_have_read(
    api: SignIn, mai: Api, three: ConversationSettings
) -> None:
    newcomer = Person(new_id(), "Trần Văn An")
    collection("conversations").update_one({"_id": three.id}, {"$set": {"lastSeq": 3}})
    services.add_participants(three.id, [newcomer], Role.MEMBER)

    assert statuses(mai, three) == {1: "Sent", 2: "Sent", 3: "Sent"}

    read(three, newcomer.user_id, 3)
    assert statuses(mai, three) == {1: "Read", 2: "Read", 3: "Read"}


def test_a_position_without_a_time_is_no_reading(
    mai: Api, colleague: Api, three: ConversationSettings
) -> None:
    read(three, colleague.user_id, 3, at=None)

    assert statuses(mai, three) == {1: "Sent", 2: "Sent", 3: "Sent"}


def test_receipts_name_the_readers_who_read_furthest_first(
    mai: Api, colleague: Api, three: ConversationSettings
) -> None:
    add_participants(three, 1, read_seq=3, name="parent")
    read(three, colleague.user_id, 2, at=minutes_after_noon(1))

    messages = answered(mai, three)

    furthest = {"userId": "parent-0000", "readAt": NOON_TEXT}
    next_one = {"userId": colleague.user_id, "readAt": "2025-11-07T12:01:00.000Z"}
    assert messages[3]["readReceipts"] == [furthest]
    assert messages[2]["readReceipts"] == [furthest, next_one]
    assert [messages[seq]["readCount"] for seq in (1, 2, 3)] == [2, 2, 1]


def test_each_messages_own_sender_is_left_out(
    mai: Api, colleague: Api, group: ConversationSettings
) -> None:
    store_message(group, 1, senderId=mai.user_id)
    store_message(group, 2, senderId=colleague.user_id)
    read(group, mai.user_id, 2)
    read(group, colleague.user_id, 2)

    messages = answered(mai, group)

    readers = {seq: [each["userId"] for each in messages[seq]["readReceipts"]] for seq in (1, 2)}
    assert readers == {1: [colleague.user_id], 2: [mai.user_id]}


def test_one_message_is_answered_as_in_the_history(
    mai: Api, colleague: Api, three: ConversationSettings
) -> None:
    read(three, colleague.user_id, 2)

    for message in answered(mai, three).values():
        assert data_of(mai.get(MESSAGES + message["messageId"])) == message


def test_reading_elsewhere_does_not_count(
    mai: Api, colleague: Api, three: ConversationSettings, new_conversation: Any
) -> None:
    read(new_conversation(mai, colleague), colleague.user_id, 3)

    assert statuses(mai, three) == {1: "Sent", 2: "Sent", 3: "Sent"}


def test_who_has_left_is_no_reader_any_more(
    mai: Api, colleague: Api, three: ConversationSettings
) -> None:
    read(three, colleague.user_id, 3)
    services.remove_participant(three.id, colleague.user_id)

    assert statuses(mai, three) == {1: "Sent", 2: "Sent", 3: "Sent"}


def test_nothing_of_it_is_stored(mai: Api, colleague: Api, three: ConversationSettings) -> None:
    read(three, colleague.user_id, 3)
    answered(mai, three)

    for document in collection("messages").find({"conversationId": three.id}):
        assert document["status"] == "Sent"
        assert not document.keys() & {"readReceipts", "readCount"}


def test_at_most_a_hundred_receipts_are_given_and_all_are_counted(
    mai: Api, three: ConversationSettings
) -> None:
    add_participants(three, 150, read_seq=3, name="parent")
    read(three, mai.user_id, 3)

    message = answered(mai, three)[1]

    assert (len(message["readReceipts"]), message["readCount"]) == (100, 150)
    assert message["status"] == "Read"


def test_beyond_its_limit_a_page_tells_the_limit_and_a_single_message_the_number(
    mai: Api, three: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "MAX_READERS", 5)
    add_participants(three, 7, read_seq=3, name="parent")
    add_participants(three, 1, read_seq=1, name="teacher")
    read(three, mai.user_id, 3)

    message = answered(mai, three)[1]

    assert message["readCount"] == 5
    assert data_of(mai.get(MESSAGES + message["messageId"]))["readCount"] == 8


def test_a_page_asks_once_for_all_its_readers(
    mai: Api, colleague: Api, group: ConversationSettings, calls: Calls
) -> None:
    store_many(group, range(1, 61))
    read(group, colleague.user_id, 60)
    answered(mai, group)
    before = calls.redis, calls.mongodb

    answered(mai, group)

    assert (calls.redis - before[0], calls.mongodb - before[1]) == (1, 2)


def test_a_large_channel_costs_a_bounded_range_of_the_index_and_no_document(
    mai: Api, group: ConversationSettings, calls: Calls
) -> None:
    stored = [store_message(group, seq, senderId=mai.user_id) for seq in range(1, 11)]
    add_participants(group, 1_500, read_seq=9, name="reader")
    add_participants(group, 1_000, read_seq=10, name="newcomer", has_read=False)
    behind = {"conversationId": f"{group.id}-behind", "userId": "reader"}
    collection("participants").insert_one({**behind, "readSeq": 1, "readAt": NOON})

    newest, oldest = answered(mai, group)[10], answered(mai, group)[1]
    alone = data_of(mai.get(MESSAGES + stored[0]))

    *_, find = calls.profiled({"command.find": "participants", "command.hint": receipts.INDEX})
    (count,) = calls.profiled({"command.aggregate": "participants"})
    collection("participants").delete_one(behind)
    assert (newest["readCount"], oldest["readCount"], alone["readCount"]) == (0, 1_000, 1_500)
    assert index_of(find) == "conversation_read"
    assert not find.get("hasSortStage")
    assert (find["keysExamined"], find["docsExamined"]) == (1_001, 0)
    assert (count["keysExamined"], count["docsExamined"]) == (1_501, 0)  # and the key behind it


def test_the_index_holds_only_those_who_have_read(database: None) -> None:
    index = collection("participants").index_information()["conversation_read"]

    fields = ["conversationId", "readSeq", "userId", "readAt"]
    assert index["key"] == [(field, 1) for field in fields]
    assert list(index["partialFilterExpression"]) == ["readAt"]

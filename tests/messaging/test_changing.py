"""Edits, deletions, reactions, pins and reads through HTTP: rules, events, answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import services
from conversations.values import ConversationSettings, Role
from tests.conftest import Api
from tests.messaging.conftest import (
    MESSAGES,
    TEXT,
    data_of,
    error_of,
    records_in,
    store_message,
    text_for,
)

LONG_AGO = datetime.now(UTC) - timedelta(minutes=16)


def just_now() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)


@pytest.fixture
def mine(mai: Api, group: ConversationSettings) -> str:
    """A stored message of Mai's, a minute old."""
    return store_message(group, 1, senderId=mai.user_id, sent_at=just_now())


@pytest.fixture
def theirs(colleague: Api, group: ConversationSettings) -> str:
    return store_message(group, 2, senderId=colleague.user_id, sent_at=just_now())


def last_event(group: ConversationSettings) -> tuple[str, dict[str, Any]]:
    record = records_in(group.id)[-1]
    headers = dict(record.headers() or [])
    return headers["event-type"].decode(), msgspec.json.decode(record.value() or b"")


def refused(response: Any) -> tuple[int, str]:
    return response.status_code, error_of(response)["code"]


def test_an_edit_is_answered_as_it_will_be_and_goes_behind_its_message(
    mai: Api, group: ConversationSettings, mine: str
) -> None:
    answer = data_of(mai.put(MESSAGES + mine, {"content": "Chào các em"}))

    assert (answer["messageId"], answer["content"]) == (mine, "Chào các em")
    assert answer["editedAt"]
    assert answer["status"] == "Sent"
    kind, event = last_event(group)
    assert kind == "MessageEditedEvent"
    assert {name: event[name] for name in ("messageId", "conversationId", "userId", "content")} == {
        "messageId": mine,
        "conversationId": group.id,
        "userId": mai.user_id,
        "content": "Chào các em",
    }


def test_an_edit_may_come_before_the_message_is_stored(
    mai: Api, group: ConversationSettings
) -> None:
    sent = data_of(mai.post(TEXT, text_for(group)))["messageId"]

    answer = data_of(mai.put(MESSAGES + sent, {"content": "Chào"}))

    assert (answer["status"], answer["content"]) == ("Sending", "Chào")
    assert [last_event(group)[0], len(records_in(group.id))] == ["MessageEditedEvent", 2]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "content_empty"),
        ({"content": " "}, "content_empty"),
        ({"content": "x" * 5_001}, "content_too_long"),
        ({"content": 5}, "invalid_field"),
        ({"content": "x", "editorUserId": "somebody"}, "user_mismatch"),
    ],
)
def test_what_an_edit_must_say(mai: Api, mine: str, body: Any, code: str) -> None:
    assert error_of(mai.put(MESSAGES + mine, body))["code"] == code


def test_only_the_sender_edits_and_not_for_ever(
    mai: Api, colleague: Api, group: ConversationSettings, mine: str
) -> None:
    old = store_message(group, 7, senderId=mai.user_id, sent_at=LONG_AGO)
    system = store_message(group, 8, senderId=mai.user_id, type="System", sent_at=just_now())
    deleted = store_message(group, 9, senderId=mai.user_id, isDeleted=True, sent_at=just_now())
    edit = {"content": "x"}

    assert refused(colleague.put(MESSAGES + mine, edit)) == (403, "not_the_sender")
    assert refused(mai.put(MESSAGES + old, edit)) == (409, "edit_window_over")
    assert refused(mai.put(MESSAGES + system, edit)) == (409, "system_message")
    assert refused(mai.put(MESSAGES + deleted, edit)) == (409, "message_deleted")
    assert refused(mai.put(MESSAGES + new_id(), edit)) == (404, "message_not_found")
    assert records_in(group.id) == []


def test_the_sender_deletes_and_an_admin_anyones(
    mai: Api, colleague: Api, group: ConversationSettings, mine: str, theirs: str
) -> None:
    answer = data_of(mai.delete(MESSAGES + theirs))
    assert (answer["content"], answer["isDeleted"]) == ("[Message deleted]", True)
    assert last_event(group)[0] == "MessageDeletedEvent"

    services.change_role(group.id, colleague.user_id, Role.MEMBER)
    assert refused(colleague.delete(MESSAGES + mine)) == (403, "not_the_sender")
    deleted = store_message(group, 9, senderId=colleague.user_id, isDeleted=True)
    before = len(records_in(group.id))
    assert data_of(colleague.delete(MESSAGES + deleted))["isDeleted"], "once more is no error"
    assert len(records_in(group.id)) == before


def test_reactions_and_pins_are_answered_as_they_will_be(
    mai: Api, group: ConversationSettings, theirs: str
) -> None:
    reacted = data_of(mai.post(MESSAGES + theirs + "/reactions", {"emojiCode": "👍"}))
    assert [each["emojiCode"] for each in reacted["reactions"]] == ["👍"]
    assert last_event(group)[0] == "MessageReactionAddedEvent"
    data_of(mai.delete(MESSAGES + theirs + "/reactions?emoji=👍"))
    assert last_event(group)[0] == "MessageReactionRemovedEvent"

    pinned = data_of(mai.post(MESSAGES + theirs + "/pin", None))
    assert (pinned["isPinned"], pinned["pinnedBy"]) == (True, mai.user_id)
    assert last_event(group)[0] == "MessagePinnedEvent"
    assert not data_of(mai.post(MESSAGES + theirs + "/unpin", None))["isPinned"]
    assert last_event(group)[0] == "MessageUnpinnedEvent"


def test_a_late_retry_under_the_same_key_undoes_nothing(
    mai: Api, group: ConversationSettings, theirs: str
) -> None:
    def pin() -> Any:
        return mai.post(MESSAGES + theirs + "/pin", None, idempotency_key="pin-1")

    data_of(pin())
    data_of(mai.post(MESSAGES + theirs + "/unpin", None))
    data_of(pin())

    assert [last_event(group)[0], len(records_in(group.id))] == ["MessageUnpinnedEvent", 2]
    reused = mai.post(
        MESSAGES + theirs + "/reactions", {"emojiCode": "👍"}, idempotency_key="pin-1"
    )
    assert refused(reused) == (422, "idempotency_key_reused")


def test_who_only_reads_reacts_but_does_not_pin(
    colleague: Api, group: ConversationSettings, mine: str
) -> None:
    services.change_role(group.id, colleague.user_id, Role.READ_ONLY)

    data_of(colleague.post(MESSAGES + mine + "/reactions", {"emojiCode": "👍"}))
    assert refused(colleague.post(MESSAGES + mine + "/pin", None)) == (403, "read_only")


def test_nothing_changes_for_strangers_and_in_an_archive(
    mai: Api, api: Any, group: ConversationSettings, mine: str
) -> None:
    stranger, foreigner = api(tenant_id=mai.tenant_id), api()
    attempts = [
        lambda user: user.put(MESSAGES + mine, {"content": "x"}),
        lambda user: user.delete(MESSAGES + mine),
        lambda user: user.post(MESSAGES + mine + "/reactions", {"emojiCode": "x"}),
        lambda user: user.delete(MESSAGES + mine + "/reactions?emoji=x"),
        lambda user: user.post(MESSAGES + mine + "/pin", None),
        lambda user: user.post(MESSAGES + mine + "/unpin", None),
    ]
    for attempt in attempts:
        assert refused(attempt(stranger)) == (403, "not_a_participant")
        assert refused(attempt(foreigner)) == (404, "message_not_found")
    services.archive(group.id)
    for attempt in (attempts[0], *attempts[2:]):
        assert refused(attempt(mai)) == (409, "conversation_archived")
    assert records_in(group.id) == []


def test_a_read_position_is_fixed_when_it_is_accepted(
    mai: Api, group: ConversationSettings
) -> None:
    collection("conversations").update_one({"_id": group.id}, {"$set": {"lastSeq": 7}})
    read = f"{MESSAGES}conversation/{group.id}/read"

    assert data_of(mai.post(read, None))["upToSeq"] == 7
    assert data_of(mai.post(read, {"upToSeq": 3}))["upToSeq"] == 3
    kind, event = last_event(group)
    assert (kind, event["upToSeq"], event["userId"]) == ("MessagesReadEvent", 3, mai.user_id)
    for wrong in (8, -1):
        assert refused(mai.post(read, {"upToSeq": wrong})) == (400, "invalid_field")

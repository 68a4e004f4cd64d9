"""GET of a message: stored, else dead letter, else accepted, else 404 (contract section 2)."""

from datetime import timedelta
from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import services
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import (
    MESSAGES,
    NOON,
    TEXT,
    SignIn,
    data_of,
    error_of,
    status_of,
    store_dead_letter,
    store_message,
    text_for,
)


@pytest.fixture
def accepted(mai: Api, group: ConversationSettings) -> Any:
    return data_of(mai.post(TEXT, text_for(group)))


def names_of(mai: Api, group: ConversationSettings) -> dict[str, str]:
    """The ids of a dead letter that could be read."""
    return {"tenantId": mai.tenant_id, "conversationId": group.id, "senderId": mai.user_id}


def test_an_accepted_message_is_sending_to_its_sender(mai: Api, accepted: Any) -> None:
    message = data_of(mai.get(MESSAGES + accepted["messageId"].upper()))

    assert message == {**accepted, "senderName": None, "content": None}


def test_nobody_else_sees_an_accepted_message(
    api: SignIn, mai: Api, colleague: Api, accepted: Any
) -> None:
    assert status_of(colleague, accepted["messageId"]) is None
    assert status_of(api(user_id=mai.user_id), accepted["messageId"]) is None


def test_a_stored_message_is_sent_with_its_number_to_every_participant(
    mai: Api, colleague: Api, group: ConversationSettings, accepted: Any
) -> None:
    store_message(group, 7, _id=accepted["messageId"], senderId=mai.user_id)

    for participant in (mai, colleague):
        message = data_of(participant.get(MESSAGES + accepted["messageId"]))
        assert (message["status"], message["seq"]) == ("Sent", 7)
        assert message["sentAt"] == "2025-11-07T12:00:00.000Z"
        assert message["failureReason"] is None
        assert message.keys() == accepted.keys()


def test_a_stored_message_is_403_in_the_tenant_and_404_outside(
    api: SignIn, mai: Api, group: ConversationSettings
) -> None:
    stored = store_message(group, 1)

    outsider = api(tenant_id=mai.tenant_id).get(MESSAGES + stored)
    foreigner = api(user_id=mai.user_id).get(MESSAGES + stored)
    unknown = mai.get(MESSAGES + new_id())

    assert (outsider.status_code, error_of(outsider)["code"]) == (403, "not_a_participant")
    assert (foreigner.status_code, error_of(foreigner)) == (404, error_of(unknown))


def test_a_stored_message_of_an_archived_conversation_can_be_read(
    mai: Api, group: ConversationSettings
) -> None:
    stored = store_message(group, 1)
    services.archive(group.id)

    assert status_of(mai, stored) == "Sent"


def test_a_dead_letter_is_failed_with_its_reason_to_the_sender(
    mai: Api, group: ConversationSettings, accepted: Any
) -> None:
    store_dead_letter(accepted["messageId"], "wrong_partition", **names_of(mai, group))

    message = data_of(mai.get(MESSAGES + accepted["messageId"]))

    assert (message["status"], message["failureReason"]) == ("Failed", "wrong_partition")
    assert message["conversationId"] == group.id
    assert message.keys() == accepted.keys()


def test_a_dead_letter_outlives_the_acceptance_record(
    mai: Api, group: ConversationSettings
) -> None:
    never_recorded = new_id()
    store_dead_letter(never_recorded, "oversize", **names_of(mai, group))

    assert status_of(mai, never_recorded) == "Failed"


def test_a_dead_letter_is_its_senders_only(
    api: SignIn, mai: Api, colleague: Api, group: ConversationSettings
) -> None:
    failed = new_id()
    store_dead_letter(failed, "oversize", **names_of(mai, group))

    assert status_of(colleague, failed) is None
    assert status_of(api(user_id=mai.user_id), failed) is None


@pytest.mark.parametrize("lost", ["senderId", "tenantId", "conversationId"])
def test_the_acceptance_record_says_whose_an_unreadable_dead_letter_is(
    mai: Api, colleague: Api, group: ConversationSettings, accepted: Any, lost: str
) -> None:
    names = names_of(mai, group)
    del names[lost]
    store_dead_letter(accepted["messageId"], "malformed", **names)

    message = data_of(mai.get(MESSAGES + accepted["messageId"]))

    assert (message["status"], message["conversationId"]) == ("Failed", group.id)
    assert status_of(colleague, accepted["messageId"]) is None


def test_an_unreadable_dead_letter_without_record_is_nobodys(
    mai: Api, group: ConversationSettings
) -> None:
    failed = new_id()
    store_dead_letter(failed, "malformed", tenantId=mai.tenant_id, conversationId=group.id)

    assert status_of(mai, failed) is None


def test_the_newest_dead_letter_counts(mai: Api, group: ConversationSettings) -> None:
    failed = new_id()
    for minutes, reason in ((2, "id_conflict"), (3, "oversize"), (1, "malformed")):
        at = NOON + timedelta(minutes=minutes)
        store_dead_letter(failed, reason, **{**names_of(mai, group), "at": at})

    assert data_of(mai.get(MESSAGES + failed))["failureReason"] == "oversize"


def test_what_is_stored_wins_over_a_dead_letter(
    mai: Api, group: ConversationSettings, accepted: Any
) -> None:
    store_dead_letter(accepted["messageId"], "id_conflict", **names_of(mai, group))
    store_message(group, 1, _id=accepted["messageId"])

    message = data_of(mai.get(MESSAGES + accepted["messageId"]))

    assert (message["status"], message["failureReason"]) == ("Sent", None)


@pytest.mark.parametrize("message_id", ["no-guid", "a.b", "%20"])
def test_an_id_that_nobody_has_is_404(mai: Api, message_id: str) -> None:
    response = mai.get(MESSAGES + message_id)

    assert (response.status_code, error_of(response)["code"]) == (404, "message_not_found")


def test_every_stored_detail_is_answered(mai: Api, group: ConversationSettings) -> None:
    stored = store_message(
        group,
        2**40,
        type="Image",
        replyTo={"messageId": "m-1", "content": "Chào"},
        mentions=[{"userId": "u-1", "startIndex": 0, "length": 3}],
        attachments=[{"attachmentId": "f-1", "fileName": "lớp.png", "fileSize": 2**33}],
        reactions=[{"emojiCode": "👍", "userId": "u-2", "reactedAt": NOON}],
        editedAt=NOON,
        isPinned=True,
        pinnedBy="u-3",
        pinnedAt=NOON,
    )

    message = data_of(mai.get(MESSAGES + stored))

    noon = "2025-11-07T12:00:00.000Z"
    assert message["replyTo"] == {"messageId": "m-1", "content": "Chào", "senderName": None}
    assert message["mentions"] == [
        {"userId": "u-1", "userName": None, "startIndex": 0, "length": 3}
    ]
    assert message["attachments"] == [
        {
            "attachmentId": "f-1",
            "fileName": "lớp.png",
            "fileType": None,
            "fileSize": 2**33,
            "url": None,
            "thumbnailUrl": None,
        }
    ]
    assert message["reactions"] == [
        {"emojiCode": "👍", "userId": "u-2", "userName": None, "reactedAt": noon}
    ]
    assert (message["editedAt"], message["pinnedAt"], message["pinnedBy"]) == (noon, noon, "u-3")
    assert (message["isPinned"], message["type"], message["seq"]) == (True, "Image", 2**40)


def test_a_deleted_message_keeps_its_place_without_its_content(
    mai: Api, group: ConversationSettings
) -> None:
    stored = store_message(group, 3, isDeleted=True)
    collection("messages").update_one({"_id": stored}, {"$unset": {"content": 1}})

    message = data_of(mai.get(MESSAGES + stored))

    assert (message["content"], message["isDeleted"]) == ("[Message deleted]", True)

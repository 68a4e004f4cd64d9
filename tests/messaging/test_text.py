"""A text that is accepted: its answer, and its record in the log."""

import msgspec

from chat_project.timestamps import parse_timestamp
from conversations.values import ConversationSettings
from messaging.events import MESSAGE_SENT, decode_message_sent
from tests.conftest import Api
from tests.messaging.answers import FIELDS_WHEN_SENDING
from tests.messaging.conftest import HISTORY, TEXT, data_of, records_in, text_for


def test_an_accepted_text_is_answered_with_every_field(
    mai: Api, group: ConversationSettings
) -> None:
    response = mai.post(TEXT, text_for(group, "Chào cả lớp 🎒"))

    message = data_of(response)
    assert message == {
        **FIELDS_WHEN_SENDING,
        "messageId": message["messageId"],
        "conversationId": group.id,
        "senderId": mai.user_id,
        "senderName": "Phạm Thị Mai",
        "content": "Chào cả lớp 🎒",
        "sentAt": message["sentAt"],
    }
    assert response.json()["success"] is True


def test_its_record_has_the_key_headers_partition_and_json_of_the_contract(
    mai: Api, group: ConversationSettings
) -> None:
    mention = {"userId": "u-1", "userName": "Dũng", "startIndex": 0, "length": 4}

    message = data_of(mai.post(TEXT, text_for(group, "Dũng ơi", mentions=[mention])))

    (record,) = records_in(group.id)  # found in the partition of the key's CRC32
    event = msgspec.json.decode(record.value() or b"")
    assert record.key() == group.id.encode()
    assert dict(record.headers() or []) == {
        "event-type": MESSAGE_SENT.encode(),
        "timestamp": event["occurredOn"].encode(),
        "ordering-key": group.id.encode(),
    }
    assert event == {
        "id": event["id"],
        "occurredOn": event["occurredOn"],
        "messageId": message["messageId"],
        "conversationId": group.id,
        "tenantId": mai.tenant_id,
        "senderId": mai.user_id,
        "senderName": "Phạm Thị Mai",
        "content": "Dũng ơi",
        "sentAt": message["sentAt"],
        "mentions": [mention],
        "recipientUserIds": [],
    }


def test_no_mentions_are_an_empty_list_in_the_log(mai: Api, group: ConversationSettings) -> None:
    mai.post(TEXT, text_for(group))

    (record,) = records_in(group.id)
    event = msgspec.json.decode(record.value() or b"")
    assert event["mentions"] == []
    assert not [name for name in event if name.startswith("replyTo")]


def test_the_consumer_can_decode_what_was_produced(mai: Api, group: ConversationSettings) -> None:
    message = data_of(mai.post(TEXT, text_for(group)))

    (record,) = records_in(group.id)
    event, sent_at = decode_message_sent(record.value() or b"")
    assert event.message_id == message["messageId"]
    assert sent_at == parse_timestamp(message["sentAt"])


def test_messages_of_one_conversation_keep_their_order(
    mai: Api, group: ConversationSettings
) -> None:
    sent = [data_of(mai.post(TEXT, text_for(group, f"{n}")))["messageId"] for n in range(5)]

    logged = [msgspec.json.decode(record.value() or b"") for record in records_in(group.id)]
    assert [event["messageId"] for event in logged] == sent


def test_the_name_is_the_participants_whatever_the_request_says(
    mai: Api, group: ConversationSettings
) -> None:
    message = data_of(mai.post(TEXT, text_for(group, senderName="Somebody")))

    assert message["senderName"] == "Phạm Thị Mai"


def test_names_match_without_case_and_ids_are_lower_cased(
    mai: Api, group: ConversationSettings
) -> None:
    body = {
        "ConversationID": group.id.upper(),
        "SENDERID": mai.user_id.upper(),
        "Content": "Chào",
        "Mentions": [{"UserID": "U-1", "startindex": 0, "LENGTH": 4, "extra": 1}],
        "somethingNew": True,
    }

    message = data_of(mai.post(TEXT.upper() + "/", body))

    assert message["conversationId"] == group.id
    assert message["mentions"] == [
        {"userId": "U-1", "userName": None, "startIndex": 0, "length": 4}
    ]


def test_an_unstored_text_is_not_in_the_history(mai: Api, group: ConversationSettings) -> None:
    mai.post(TEXT, text_for(group))

    assert data_of(mai.get(HISTORY + group.id))["messages"] == []

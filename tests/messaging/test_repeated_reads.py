"""POST read once more under its key: the answer is the position that was accepted."""

from typing import Any

from chat_project.mongodb import collection
from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import MESSAGES, Calls, data_of, error_of, records_in


def mark_read(user: Api, group: ConversationSettings, key: str, body: Any = None) -> Any:
    return user.post(f"{MESSAGES}conversation/{group.id}/read", body, idempotency_key=key)


def store_up_to(group: ConversationSettings, seq: int) -> None:
    collection("conversations").update_one({"_id": group.id}, {"$set": {"lastSeq": seq}})


def test_a_retry_is_answered_with_what_was_accepted(mai: Api, group: ConversationSettings) -> None:
    store_up_to(group, 7)
    first = data_of(mark_read(mai, group, "read-1"))
    store_up_to(group, 9)

    again = data_of(mark_read(mai, group, "read-1"))

    assert again == first
    assert first["upToSeq"] == 7
    assert len(records_in(group.id)) == 1
    assert data_of(mark_read(mai, group, "read-2"))["upToSeq"] == 9


def test_a_key_is_of_one_position(mai: Api, group: ConversationSettings) -> None:
    store_up_to(group, 7)
    first = data_of(mark_read(mai, group, "read-1", {"upToSeq": 3}))
    reused = mark_read(mai, group, "read-1", {"upToSeq": 4})

    assert (reused.status_code, error_of(reused)["code"]) == (422, "idempotency_key_reused")
    assert data_of(mark_read(mai, group, "read-1", {"upToSeq": 3})) == first


def test_a_retry_costs_two_queries(mai: Api, group: ConversationSettings, calls: Calls) -> None:
    data_of(mark_read(mai, group, "read-1"))
    before = calls.mongodb

    data_of(mark_read(mai, group, "read-1"))

    assert calls.mongodb - before == 2

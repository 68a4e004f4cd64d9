"""The history of a conversation: pages, cursors, bounds, and the indexes that serve them."""

from datetime import timedelta
from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.timestamps import format_timestamp
from conversations import services
from conversations.values import ConversationSettings
from messaging.documents import Message
from tests.conftest import Api
from tests.messaging.conftest import (
    HISTORY,
    NOON,
    Calls,
    SignIn,
    data_of,
    error_of,
    index_of,
    minutes_after_noon,
    store_many,
    store_message,
)


@pytest.fixture
def ten(group: ConversationSettings) -> ConversationSettings:
    """The group with messages 1 to 10, one a minute from noon + 1 minute."""
    for seq in range(1, 11):
        store_message(group, seq, sent_at=minutes_after_noon(seq))
    return group


def page(user: Api, group: ConversationSettings, **query: Any) -> Any:
    return data_of(user.get(HISTORY + group.id, **query))


def numbers(page: Any) -> list[int]:
    return [message["seq"] for message in page["messages"]]


def test_without_a_cursor_it_is_the_newest_first(mai: Api, ten: ConversationSettings) -> None:
    newest = page(mai, ten, pageSize=3)

    assert newest.keys() == {"messages", "hasMore", "oldestMessageTimestamp"}
    assert numbers(newest) == [10, 9, 8]
    assert newest["hasMore"] is True
    assert newest["oldestMessageTimestamp"] == format_timestamp(minutes_after_noon(8))


def test_following_the_oldest_timestamp_reads_everything_once(
    mai: Api, ten: ConversationSettings
) -> None:
    seen: list[int] = []
    query: dict[str, Any] = {}
    while True:
        found = page(mai, ten, pageSize=4, **query)
        seen += numbers(found)
        if not found["hasMore"]:
            break
        query = {"beforeTimestamp": found["oldestMessageTimestamp"]}

    assert seen == list(range(10, 0, -1))


def test_an_empty_page_has_no_timestamp(mai: Api, group: ConversationSettings) -> None:
    assert page(mai, group) == {
        "messages": [],
        "hasMore": False,
        "oldestMessageTimestamp": None,
    }


@pytest.mark.parametrize(
    ("cursor", "expected", "has_more"),
    [
        ({"beforeSeq": 5}, [4, 3, 2], True),
        ({"beforeSeq": 4}, [3, 2, 1], False),
        ({"beforeSeq": 0}, [], False),
        ({"afterSeq": 5}, [8, 7, 6], True),
        ({"afterSeq": 7}, [10, 9, 8], False),
        ({"afterSeq": 0}, [3, 2, 1], True),
        ({"afterSeq": 10}, [], False),
    ],
)
def test_a_seq_cursor_gives_its_neighbours_newest_first(
    mai: Api, ten: ConversationSettings, cursor: Any, expected: list[int], has_more: bool
) -> None:
    found = page(mai, ten, pageSize=3, **cursor)

    assert (numbers(found), found["hasMore"]) == (expected, has_more)


@pytest.mark.parametrize(
    "cursor",
    [
        "2025-11-07T12:03:00Z",
        "2025-11-07T12:03:00.0000000Z",
        "2025-11-07T12:03:00.0009999Z",
        "2025-11-07T12:03:00",
        "2025-11-07T19:03:00+07:00",
        "2025-11-07T19:03:00.0000000 07:00",
        "2025-11-07T07:03:00-05:00",
    ],
)
def test_before_timestamp_takes_dotnets_forms_and_is_strict(
    mai: Api, ten: ConversationSettings, cursor: str
) -> None:
    assert numbers(page(mai, ten, beforeTimestamp=cursor)) == [2, 1]


def test_parameter_names_match_without_case_and_empty_ones_are_absent(
    mai: Api, ten: ConversationSettings
) -> None:
    path = f"{HISTORY.upper()}{ten.id.upper()}/?PAGESIZE=2&AFTERseq=1&beforetimestamp=&beforeSeq="

    assert numbers(data_of(mai.get(path))) == [3, 2]


def test_the_order_by_time_is_sent_at_then_seq(mai: Api, group: ConversationSettings) -> None:
    for seq, minute in ((1, 3), (2, 1), (3, 2), (4, 2)):
        store_message(group, seq, sent_at=minutes_after_noon(minute))

    assert numbers(page(mai, group)) == [1, 4, 3, 2]
    assert numbers(page(mai, group, beforeSeq=5)) == [4, 3, 2, 1]


def test_equal_times_are_never_split(mai: Api, group: ConversationSettings) -> None:
    for seq in range(1, 4):
        store_message(group, seq, sent_at=minutes_after_noon(1))
    for seq in range(4, 9):
        store_message(group, seq, sent_at=minutes_after_noon(2))
    store_message(group, 9, sent_at=minutes_after_noon(3))

    first = page(mai, group, pageSize=3)
    rest = page(mai, group, pageSize=3, beforeTimestamp=first["oldestMessageTimestamp"])

    assert (numbers(first), first["hasMore"]) == ([9, 8, 7, 6, 5, 4], True)
    assert (numbers(rest), rest["hasMore"]) == ([3, 2, 1], False)


def test_only_equal_times_on_the_last_page(mai: Api, group: ConversationSettings) -> None:
    for seq in range(1, 6):
        store_message(group, seq)

    found = page(mai, group, pageSize=2)

    assert (numbers(found), found["hasMore"]) == ([5, 4, 3, 2, 1], False)


@pytest.mark.parametrize(("stored", "has_more"), [(1_002, False), (1_003, True)])
def test_up_to_a_thousand_more_of_one_time_are_given(
    mai: Api, group: ConversationSettings, stored: int, has_more: bool
) -> None:
    store_many(group, range(1, stored + 1), seconds_apart=0)

    found = page(mai, group, pageSize=2)

    assert (len(found["messages"]), found["hasMore"]) == (1_002, has_more)


def test_the_default_page_has_fifty(mai: Api, group: ConversationSettings) -> None:
    for seq in range(1, 53):
        store_message(group, seq, sent_at=minutes_after_noon(seq))

    assert len(page(mai, group)["messages"]) == 50


def test_a_deleted_message_keeps_its_place(mai: Api, group: ConversationSettings) -> None:
    store_message(group, 1, isDeleted=True)

    assert page(mai, group)["messages"][0]["content"] == "[Message deleted]"


BAD_QUERIES = [
    ({"pageSize": "0"}, "pageSize", "1 to 200"),
    ({"pageSize": "201"}, "pageSize", "1 to 200"),
    ({"pageSize": "-1"}, "pageSize", "1 to 200"),
    ({"pageSize": "ten"}, "pageSize", "1 to 200"),
    ({"pageSize": "1.5"}, "pageSize", "1 to 200"),
    ({"pageSize": "١٠"}, "pageSize", "1 to 200"),
    ({"beforeSeq": "x"}, "beforeSeq", "0 to 9007199254740992"),
    ({"beforeSeq": "-1"}, "beforeSeq", "0 to 9007199254740992"),
    ({"afterSeq": "9" * 40}, "afterSeq", "0 to 9007199254740992"),
    ({"beforeTimestamp": "yesterday"}, "beforeTimestamp", "ISO-8601"),
    ({"beforeTimestamp": "2025-13-01T00:00:00Z"}, "beforeTimestamp", "year 1 to 9999"),
    ({"beforeTimestamp": "0001-01-01T00:00:00+07:00"}, "beforeTimestamp", "year 1 to 9999"),
    ({"beforeTimestamp": "1762516800"}, "beforeTimestamp", "ISO-8601"),
]


@pytest.mark.parametrize(("query", "field", "allowed"), BAD_QUERIES)
def test_a_wrong_value_is_refused_with_its_name_and_what_is_allowed(
    mai: Api, group: ConversationSettings, query: Any, field: str, allowed: str
) -> None:
    response = mai.get(HISTORY + group.id, **query)

    error = error_of(response)
    assert (response.status_code, error["code"]) == (400, "invalid_field")
    assert error["details"]["field"] == field
    assert field in error["message"]
    assert allowed in error["message"]


@pytest.mark.parametrize(
    "cursors",
    [
        {"beforeSeq": 1, "afterSeq": 1},
        {"beforeTimestamp": "2025-11-07T12:00:00Z", "beforeSeq": 1},
        {"beforeTimestamp": "2025-11-07T12:00:00Z", "afterSeq": 1},
    ],
)
def test_two_cursors_are_refused(mai: Api, group: ConversationSettings, cursors: Any) -> None:
    response = mai.get(HISTORY + group.id, **cursors)

    code = error_of(response)["code"]
    assert (response.status_code, code) == (400, "cursors_exclude_each_other")


@pytest.mark.parametrize("name", ["userId", "REQUESTEDBY", "tenantId"])
def test_ids_in_the_query_must_be_the_tokens(
    mai: Api, group: ConversationSettings, name: str
) -> None:
    own = mai.tenant_id if name == "tenantId" else mai.user_id

    assert mai.get(HISTORY + group.id, **{name: own.upper()}).status_code == 200
    assert mai.get(HISTORY + group.id, **{name: new_id()}).status_code == 403


def test_only_participants_read_it(
    api: SignIn, mai: Api, colleague: Api, ten: ConversationSettings
) -> None:
    outsider = api(tenant_id=mai.tenant_id).get(HISTORY + ten.id)
    foreigner = api(user_id=mai.user_id).get(HISTORY + ten.id)
    unknown = mai.get(HISTORY + new_id())

    assert len(page(colleague, ten)["messages"]) == 10
    assert (outsider.status_code, error_of(outsider)["code"]) == (403, "not_a_participant")
    assert (foreigner.status_code, error_of(foreigner)) == (404, error_of(unknown))


def test_an_archived_conversation_can_be_read(mai: Api, ten: ConversationSettings) -> None:
    services.archive(ten.id)

    assert len(page(mai, ten)["messages"]) == 10


def test_a_page_is_one_round_trip_to_redis_and_two_queries(
    mai: Api, ten: ConversationSettings, calls: Calls
) -> None:
    page(mai, ten)
    redis_before, mongodb_before = calls.redis, calls.mongodb

    page(mai, ten, pageSize=3)

    assert (calls.redis - redis_before, calls.mongodb - mongodb_before) == (1, 2)


@pytest.mark.parametrize(
    ("cursor", "index"),
    [
        ({}, "conversation_time"),
        ({"beforeTimestamp": format_timestamp(NOON + timedelta(hours=1))}, "conversation_time"),
        ({"beforeSeq": 300}, "conversation_seq"),
        ({"afterSeq": 100}, "conversation_seq"),
    ],
    ids=["no cursor", "beforeTimestamp", "beforeSeq", "afterSeq"],
)
def test_a_page_reads_its_own_documents_by_the_index_without_a_sort(
    mai: Api, group: ConversationSettings, cursor: Any, index: str, calls: Calls
) -> None:
    store_many(group, range(1, 401))

    page(mai, group, pageSize=20, **cursor)

    *_, find = calls.profiled({"op": "query", "command.find": "messages"})
    assert index_of(find) == index
    assert not find.get("hasSortStage")
    assert find["docsExamined"] <= 21


def test_the_indexes_are_there(database: None) -> None:
    indexes = Message._get_collection().index_information()

    assert indexes["conversation_seq"]["unique"] is True
    assert indexes["conversation_seq"]["key"] == [("conversationId", 1), ("seq", 1)]
    assert indexes["conversation_time"]["key"] == [
        ("conversationId", 1),
        ("sentAt", 1),
        ("seq", 1),
    ]
    assert collection("dead_letters").index_information()["message"]["key"] == [("messageId", 1)]

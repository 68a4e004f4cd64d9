"""Search in a conversation: which words find which messages, for whom, and its pages."""

from collections.abc import Callable
from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import services
from conversations.values import ConversationSettings
from messaging import search
from tests.conftest import Api
from tests.messaging.conftest import (
    MESSAGES,
    SignIn,
    data_of,
    error_of,
    minutes_after_noon,
    store_many,
    store_message,
)
from tests.messaging.searching import ask, index_messages, numbers

Find = Callable[..., list[int]]


@pytest.fixture
def find(mai: Api, group: ConversationSettings) -> Find:
    """The numbers of the messages that a term finds."""
    return lambda term, **query: numbers(data_of(ask(mai, group, term, **query)))


@pytest.fixture
def talk(group: ConversationSettings) -> ConversationSettings:
    """The group with some messages, one a minute from noon + 1 minute."""
    contents = [
        "Chào cả lớp, mai họp phụ huynh lúc 19h30",
        "Học sinh lớp 5A1 đi Đà Nẵng",
        "Ho thì ở nhà nhé",
        "Bài tập toán trang 12",
    ]
    for seq, content in enumerate(contents, start=1):
        store_message(group, seq, content=content, sent_at=minutes_after_noon(seq))
    index_messages(group)
    return group


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("học", [2]),
        ("hoc", [2]),
        ("HOC SINH", [2]),
        ("sinh hoc", [2]),
        ("da nang", [2]),
        ("Đà  Nẵng!", [2]),
        ("di da nang", [2]),
        ("lớp", [2, 1]),
        ("lop 5a", [2]),
        ("ho", [3, 2, 1]),
        ("ho nha", [3]),
        ("họ phụ huynh", []),
        ("phụ huynh họp", [1]),
        ("huynh ho", [1]),
        ("19h", [1]),
        ("12", [4]),
        ("1", []),
        ("toán tập toán", [4]),
        ("toan van", []),
        ("tapx", []),
    ],
)
def test_a_term_finds_what_holds_its_words_and_a_beginning_of_its_last(
    talk: ConversationSettings, find: Find, term: str, expected: list[int]
) -> None:
    assert find(term) == expected


def test_what_is_found_is_answered_as_it_is_alone(mai: Api, talk: ConversationSettings) -> None:
    (message,) = data_of(ask(mai, talk, "hoc sinh"))["items"]

    assert message == data_of(mai.get(MESSAGES + message["messageId"]))


def test_a_files_name_is_searched_too(group: ConversationSettings, find: Find) -> None:
    store_message(
        group,
        1,
        type="File",
        content="",
        attachments=[{"attachmentId": "f", "fileName": "Điểm.pdf"}],
    )
    index_messages(group)

    assert find("diem pdf") == [1]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"messageType": "Image"}, [3]),
        ({"messageType": "image"}, [3]),
        ({"messageType": ""}, [4, 3, 2, 1]),
        ({"fromDate": "2025-11-07T12:02:00Z"}, [4, 3, 2]),
        ({"toDate": "2025-11-07T12:02:00.0000000Z"}, [2, 1]),
        ({"toDate": "2025-11-07T19:02:00+07:00"}, [2, 1]),
        ({"FROMDATE": "2025-11-07T12:02:00", "toDate": "2025-11-07T12:03:00"}, [3, 2]),
        ({"fromDate": "2025-11-08", "toDate": "2025-11-07"}, []),
        ({"messageType": "Image", "fromDate": "2025-11-07T12:04:00Z"}, []),
    ],
)
def test_type_and_dates_narrow_it(
    group: ConversationSettings, find: Find, query: Any, expected: list[int]
) -> None:
    for seq, message_type in ((1, "Text"), (2, "Text"), (3, "Image"), (4, "Text")):
        sent_at = minutes_after_noon(seq)
        store_message(group, seq, content="lớp", type=message_type, sent_at=sent_at)
    index_messages(group)

    assert find("lop", **query) == expected


def test_other_conversations_are_not_searched(
    mai: Api, talk: ConversationSettings, new_conversation: Any
) -> None:
    other = new_conversation(mai)
    store_message(other, 1, content="Học sinh")
    index_messages(other)

    assert numbers(data_of(ask(mai, other, "hoc"))) == [1]
    assert numbers(data_of(ask(mai, talk, "hoc"))) == [2]


def test_only_participants_search(api: SignIn, mai: Api, talk: ConversationSettings) -> None:
    outsider = ask(api(tenant_id=mai.tenant_id), talk, "hoc")
    foreigner = ask(api(user_id=mai.user_id), talk, "hoc")

    assert (outsider.status_code, error_of(outsider)["code"]) == (403, "not_a_participant")
    assert (foreigner.status_code, error_of(foreigner)["code"]) == (404, "conversation_not_found")


def test_an_archived_conversation_can_be_searched(talk: ConversationSettings, find: Find) -> None:
    services.archive(talk.id)

    assert find("hoc") == [2]


def test_a_deleted_message_is_not_found_before_and_after_the_indexer_has_seen_it(
    talk: ConversationSettings, find: Find
) -> None:
    collection("messages").update_one(
        {"conversationId": talk.id, "seq": 2}, {"$set": {"isDeleted": True}}
    )

    assert find("lop") == [1]

    index_messages(talk)
    assert find("lop") == [1]


def test_following_the_pages_reads_everything_once(mai: Api, group: ConversationSettings) -> None:
    store_many(group, range(1, 8))
    index_messages(group)

    found = [data_of(ask(mai, group, "tin nhan", pageSize=3, pageNumber=n)) for n in (1, 2, 3, 4)]

    assert [numbers(page) for page in found] == [[7, 6, 5], [4, 3, 2], [1], []]
    assert [page["hasNextPage"] for page in found] == [True, True, False, False]
    assert {(page["totalCount"], page["totalPages"]) for page in found} == {(7, 3)}


def test_an_id_that_is_not_stored_is_passed_over(talk: ConversationSettings, find: Find) -> None:
    """What the search holds and the messages do not, such as in a rebuilt database."""
    message = collection(search.COLLECTION).find_one({"conversationId": talk.id, "seq": 2}) or {}
    collection(search.COLLECTION).insert_one({**message, "_id": new_id(), "seq": 9})

    assert find("hoc") == [2]

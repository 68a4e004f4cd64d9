"""Search in a conversation: which words find which messages, its pages and its index."""

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
    HISTORY,
    MESSAGES,
    Calls,
    SignIn,
    data_of,
    error_of,
    index_of,
    minutes_after_noon,
    store_many,
    store_message,
)


def index_messages(group: ConversationSettings) -> None:
    """Brings what is stored into the search, as the indexer does."""
    for message in collection("messages").find({"conversationId": group.id}):
        document = search.search_document(message)
        collection(search.COLLECTION).replace_one({"_id": document["_id"]}, document, upsert=True)


def ask(user: Api, group: ConversationSettings, term: str, **query: Any) -> Any:
    return user.get(f"{HISTORY}{group.id}/search", searchTerm=term, **query)


def numbers(page: Any) -> list[int]:
    return [message["seq"] for message in page["items"]]


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


@pytest.mark.parametrize(
    ("term", "code"),
    [
        ("", "search_term_empty"),
        ("  ", "search_term_empty"),
        ("?!* 🎒", "search_term_empty"),
        ("x" * 256, "search_term_too_long"),
        ("🎒" * 128, "search_term_too_long"),
    ],
)
def test_a_term_must_hold_a_word_and_not_be_too_long(
    mai: Api, group: ConversationSettings, term: str, code: str
) -> None:
    response = ask(mai, group, term)

    assert (response.status_code, error_of(response)["code"]) == (400, code)
    assert error_of(response)["details"] == {"field": "searchTerm"}


def test_without_a_term_it_is_refused(mai: Api, group: ConversationSettings) -> None:
    response = mai.get(f"{HISTORY}{group.id}/search")

    assert (response.status_code, error_of(response)["code"]) == (400, "search_term_empty")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"messageType": "Sticker"}, "messageType"),
        ({"fromDate": "yesterday"}, "fromDate"),
        ({"toDate": "2025-13-01"}, "toDate"),
        ({"pageSize": "201"}, "pageSize"),
        ({"pageNumber": "0"}, "pageNumber"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name(
    mai: Api, group: ConversationSettings, query: Any, field: str
) -> None:
    response = ask(mai, group, "lop", **query)

    assert (response.status_code, error_of(response)["code"]) == (400, "invalid_field")
    assert error_of(response)["details"]["field"] == field


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


def test_a_search_document_holds_words_and_what_narrows_them(group: ConversationSettings) -> None:
    stored = store_message(group, 7, content="Học đi!")
    message = collection("messages").find_one({"_id": stored}) or {}

    assert search.search_document(message) == {
        "_id": stored,
        "conversationId": group.id,
        "tenantId": group.tenant_id,
        "seq": 7,
        "type": "Text",
        "sentAt": message["sentAt"],
        "words": ["hoc", "ho*", "di"],
    }
    assert search.search_document({**message, "isDeleted": True})["words"] == []


@pytest.mark.parametrize(
    "term",
    ["lo", "lớp", "hoc lop", "lop thu 5a1", "lop 5a1 thu hai cho cac em nho nhe xin nhac lai hoc"],
    ids=["a beginning", "a word", "two words", "four words", "a sentence"],
)
@pytest.mark.parametrize(
    "narrowed",
    [{}, {"messageType": "Text", "fromDate": "2025-11-07T12:00:00Z"}],
    ids=["all", "narrowed"],
)
def test_a_page_is_read_by_the_index_without_a_sort_in_a_fixed_number_of_queries(
    mai: Api, group: ConversationSettings, calls: Calls, term: str, narrowed: Any
) -> None:
    content = "Học lớp 5A1 thứ hai, các em nhớ nhé, xin nhắc lại cho"
    store_many(group, range(1, 301), content=content)
    store_many(group, range(301, 401), content="không có")
    index_messages(group)
    data_of(ask(mai, group, term, **narrowed))
    before = calls.redis, calls.mongodb

    page = data_of(ask(mai, group, term, pageNumber=2, **narrowed))

    assert (calls.redis - before[0], calls.mongodb - before[1]) == (1, 4)
    *_, find = calls.profiled({"command.find": search.COLLECTION})
    *_, count = calls.profiled({"command.aggregate": search.COLLECTION})
    assert numbers(page) == list(range(280, 260, -1))
    assert page["totalCount"] == 300
    assert index_of(find) == "conversation_words"
    assert not find.get("hasSortStage")
    assert not count.get("hasSortStage")
    assert "COLLSCAN" not in count["planSummary"]
    assert find["docsExamined"] <= 41


def test_a_single_word_is_counted_by_the_index_alone(
    mai: Api, group: ConversationSettings, calls: Calls
) -> None:
    store_many(group, range(1, 101), content="lớp")
    index_messages(group)

    page = data_of(ask(mai, group, "lo", messageType="text"))

    (count,) = calls.profiled({"command.aggregate": search.COLLECTION})
    assert (page["totalCount"], count["docsExamined"]) == (100, 0)


def test_the_whole_word_that_is_longest_leads(
    mai: Api, group: ConversationSettings, calls: Calls
) -> None:
    store_many(group, range(1, 101), content="ở")
    store_message(group, 101, content="ở trường")
    index_messages(group)

    page = data_of(ask(mai, group, "ở trường o"))

    (find,) = calls.profiled({"command.find": search.COLLECTION})
    assert (numbers(page), find["docsExamined"]) == ([101], 1)


def test_the_index_is_there(database: None) -> None:
    index = collection(search.COLLECTION).index_information()["conversation_words"]

    assert [field for field, _ in index["key"]] == list(search.INDEX_FIELDS)


def test_an_id_that_is_not_stored_is_passed_over(talk: ConversationSettings, find: Find) -> None:
    """What the search holds and the messages do not, such as in a rebuilt database."""
    message = collection(search.COLLECTION).find_one({"conversationId": talk.id, "seq": 2}) or {}
    collection(search.COLLECTION).insert_one({**message, "_id": new_id(), "seq": 9})

    assert find("hoc") == [2]

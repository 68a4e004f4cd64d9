"""What the search stores of a message, and by which index a page is read."""

from typing import Any

import pytest

from chat_project.mongodb import collection
from conversations.values import ConversationSettings
from messaging import search
from tests.conftest import Api
from tests.messaging.conftest import Calls, data_of, index_of, store_many, store_message
from tests.messaging.searching import ask, index_messages, numbers


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

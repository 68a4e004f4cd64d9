"""A search without a word, with one that is too long, or with a wrong value is refused."""

from typing import Any

import pytest

from conversations.values import ConversationSettings
from tests.conftest import Api
from tests.messaging.conftest import HISTORY, error_of
from tests.messaging.searching import ask


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

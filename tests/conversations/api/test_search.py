"""Searching the user's own conversations by name, as Vietnamese types it: with marks or without."""

from typing import Any

import pytest

from tests.conftest import Api
from tests.conversations.api.conftest import (
    CONVERSATIONS,
    SignIn,
    data_of,
    error_of,
    ids,
    minutes_after_noon,
    refusal,
    say,
    talk,
    teacher_group,
)

SEARCH = CONVERSATIONS + "search"


def names(user: Api, term: str, **query: Any) -> set[str]:
    found = data_of(user.get(SEARCH, searchTerm=term, **query))
    return {each["name"] for each in found["items"]}


@pytest.fixture
def groups(mai: Api) -> set[str]:
    made = {"Tổ Toán - Tin", "Tổ Lý", "Đội văn nghệ", "Ban Phụ huynh 10A1"}
    for name in made:
        teacher_group(mai, name=name)
    return made


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("Tổ Toán", {"Tổ Toán - Tin"}),
        ("tổ toán", {"Tổ Toán - Tin"}),
        ("to toan", {"Tổ Toán - Tin"}),
        ("TO TOÁN", {"Tổ Toán - Tin"}),
        ("to\u0302\u0309", {"Tổ Toán - Tin", "Tổ Lý"}),
        ("to", {"Tổ Toán - Tin", "Tổ Lý"}),
        ("tin to", {"Tổ Toán - Tin"}),
        ("đội", {"Đội văn nghệ"}),
        ("doi", {"Đội văn nghệ"}),
        ("DOI VAN NGHE", {"Đội văn nghệ"}),
        ("huynh 10a", {"Ban Phụ huynh 10A1"}),
        ("-", {"Tổ Toán - Tin"}),
        (".*", set()),
        ("Hoá", set()),
    ],
)
def test_marks_and_case_do_not_count(
    mai: Api, groups: set[str], term: str, found: set[str]
) -> None:
    assert names(mai, term) == found


def test_a_one_to_one_is_found_by_either_name(mai: Api, parent: Api) -> None:
    pair = talk(mai, parent)["name"]

    assert names(mai, "hoang lan") == names(parent, "pham mai") == {pair}


def test_only_ones_own_of_this_school_are_found(
    api: SignIn, mai: Api, parent: Api, groups: set[str]
) -> None:
    elsewhere = api(user_id=mai.user_id, name="Mai")
    teacher_group(elsewhere, name="Tổ Toán ở nơi khác")

    assert names(parent, "to") == set()
    assert names(elsewhere, "to") == {"Tổ Toán ở nơi khác"}
    assert names(mai, "to") == {"Tổ Toán - Tin", "Tổ Lý"}


def test_what_is_found_comes_as_in_the_list(mai: Api, colleague: Api) -> None:
    old, new = (teacher_group(mai, colleague, name=f"Tổ {n}") for n in range(2))
    say(old["conversationId"], 1, sender=colleague, at=minutes_after_noon(1))
    say(new["conversationId"], 1, sender=colleague, at=minutes_after_noon(2))

    page = data_of(mai.get(SEARCH, SEARCHTERM="to", pageSize=1, type="TeacherGroup"))

    assert ids(page["items"]) == [new["conversationId"]]
    assert (page["totalCount"], page["hasNextPage"]) == (2, True)
    assert page["items"][0]["unreadCount"] == 1


def test_archived_ones_are_found_when_asked_for(mai: Api) -> None:
    group = teacher_group(mai, name="Tổ Toán")
    mai.put(f"{CONVERSATIONS}{group['conversationId']}/archive")

    assert names(mai, "toan") == set()
    assert names(mai, "toan", includeArchived="true") == {"Tổ Toán"}


@pytest.mark.parametrize("term", [None, "", "  ", "\u0301", "a" * 256])
def test_a_term_is_needed(mai: Api, term: str | None) -> None:
    response = mai.get(SEARCH, **({} if term is None else {"searchTerm": term}))

    assert refusal(response) == (400, "invalid_field")
    assert error_of(response)["details"] == {"field": "searchTerm"}


def test_a_term_is_measured_in_utf16_units(mai: Api) -> None:
    response = mai.get(SEARCH, searchTerm="😀" * 128)

    assert refusal(response) == (400, "invalid_field")
    assert "UTF-16" in error_of(response)["message"]
    assert names(mai, "😀" * 127 + "a") == set()

"""What a list says about how many it has, and what a dead letter tells in its list."""

from typing import Any

import pytest
from django.test import Client

from chat_project.identifiers import new_id
from consumers.admin import finding as letters
from conversations import services
from conversations.admin import people, searching
from tests.staff.conftest import (
    CONVERSATIONS,
    LETTERS,
    PARTICIPANTS,
    School,
    make_letter,
    person,
)

SHOW_ALL = "Show all"


@pytest.mark.parametrize("path", [CONVERSATIONS, LETTERS, PARTICIPANTS])
def test_show_all_stands_where_something_was_left_out(
    staff: Client, own: School, path: str
) -> None:
    assert SHOW_ALL not in staff.get(path).content.decode()
    assert SHOW_ALL in staff.get(path, {"q": own.group.id}).content.decode()


def test_show_all_stands_over_a_filtered_list(staff: Client) -> None:
    page = staff.get(CONVERSATIONS, {"is_active__exact": "0"}).content.decode()

    assert SHOW_ALL in page


@pytest.fixture
def word(own: School, monkeypatch: pytest.MonkeyPatch) -> str:
    """In three names, where each search looks at two."""
    for module, name in (
        (searching, "MAX_CANDIDATES"),
        (people, "MAX_CANDIDATES"),
        (letters, "MAX_FOUND"),
    ):
        monkeypatch.setattr(module, name, 2)
    word = f"w{new_id()[-8:]}"
    for number in range(3):
        services.create_teacher_group(own.tenant_id, f"{word} {number}", founder=person(word))
        make_letter(own.tenant_id, word)
    return word


@pytest.mark.parametrize("path", [CONVERSATIONS, LETTERS, PARTICIPANTS])
def test_a_search_that_was_cut_off_does_not_tell_an_exact_number(
    staff: Client, word: str, path: str
) -> None:
    text = staff.get(path, {"q": word}).content.decode()

    found = " ".join(text.split())
    assert "at least 2 results" in found or "at least 3 results" in found
    assert "at least" in found[found.index('class="paginator"') :]


def test_a_search_that_found_all_tells_the_number(staff: Client, own: School) -> None:
    page = staff.get(CONVERSATIONS, {"q": own.group.id}).content.decode()

    assert "at least" not in page


def test_a_letter_tells_its_event_and_its_sender_in_the_list(staff: Client, own: School) -> None:
    told: dict[str, Any] = {"eventType": "MessageEditedEvent", "senderId": "gv-4711"}
    make_letter(own.tenant_id, own.group.id, **told)

    page = staff.get(LETTERS).content.decode()

    assert "message edited" in page
    assert "gv-4711" in page


def test_the_start_page_calls_what_was_not_stored_events(staff: Client) -> None:
    assert "events that could not be stored" in staff.get("/admin/").content.decode()

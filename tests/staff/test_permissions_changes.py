"""No form, action or row of one school's staff changes another's, and a reader changes nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from chat_project.mongodb import collection
from staff.roles import StaffRole
from tests.staff.conftest import (
    CONVERSATIONS,
    LETTERS,
    PARTICIPANTS,
    School,
    audited,
    make_user,
    signed_in,
)


def state_of(school: School) -> dict[str, Any]:
    """All that somebody could have changed."""
    return {
        "conversation": collection("conversations").find_one({"_id": school.group.id}),
        "people": list(collection("participants").find({"conversationId": school.group.id})),
        "letter": collection("dead_letters").find_one({"_id": school.letter_id}),
        "audit": audited(school.group.id) + audited(school.letter_id),
    }


FORMS: dict[str, Callable[[School], tuple[str, dict[str, Any]]]] = {
    "rename": lambda school: (
        f"{CONVERSATIONS}{school.group.id}/change/",
        {"name": "Of ours now", "participants-TOTAL_FORMS": 0, "participants-INITIAL_FORMS": 0},
    ),
    "archive": lambda school: (
        CONVERSATIONS,
        {"action": "archive", "_selected_action": [school.group.id]},
    ),
    "archive everything": lambda school: (
        CONVERSATIONS,
        {"action": "archive", "_selected_action": [school.group.id], "select_across": "1"},
    ),
    "role": lambda school: (
        f"{PARTICIPANTS}{school.participant_id}/change/",
        {"role": "ReadOnly"},
    ),
    "add": lambda school: (
        f"{PARTICIPANTS}add/",
        {"conversation": school.group.id, "user_id": "x", "user_name": "X", "role": "Admin"},
    ),
    "remove": lambda school: (
        f"{PARTICIPANTS}{school.participant_id}/delete/",
        {"post": "yes"},
    ),
    "remove by action": lambda school: (
        PARTICIPANTS,
        {"action": "delete_selected", "_selected_action": [school.participant_id], "post": "yes"},
    ),
    "retry": lambda school: (
        LETTERS,
        {"action": "retry", "_selected_action": [school.letter_id], "confirmed": "yes"},
    ),
    "discard": lambda school: (
        LETTERS,
        {
            "action": "discard",
            "_selected_action": [school.letter_id],
            "confirmed": "yes",
            "why": "not ours",
        },
    ),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_no_form_and_no_action_changes_another_school(
    staff: Client, foreign: School, form: Callable[[School], tuple[str, dict[str, Any]]]
) -> None:
    before = state_of(foreign)
    path, sent = form(foreign)

    response = staff.post(path, sent)

    assert response.status_code in {200, 302, 403, 404}
    assert state_of(foreign) == before
    assert foreign.group.name not in response.content.decode()


def test_an_action_on_both_schools_changes_the_own_one(
    staff: Client, own: School, foreign: School
) -> None:
    before = state_of(foreign)
    both = [own.group.id, foreign.group.id]

    staff.post(CONVERSATIONS, {"action": "archive", "_selected_action": both})

    found = collection("conversations").find_one({"_id": own.group.id}) or {}
    assert found["isActive"] is False
    assert state_of(foreign) == before


def test_a_row_of_another_schools_participant_in_an_own_form_is_refused(
    staff: Client, own: School, foreign: School
) -> None:
    before = state_of(foreign)
    sent = {
        "name": own.group.name,
        "participants-TOTAL_FORMS": 1,
        "participants-INITIAL_FORMS": 1,
        "participants-0-id": foreign.participant_id,
        "participants-0-conversation": own.group.id,
        "participants-0-role": "ReadOnly",
    }

    response = staff.post(f"{CONVERSATIONS}{own.group.id}/change/", sent)

    assert response.status_code == 200, "the form is shown again, with its error"
    assert state_of(foreign) == before


def test_a_reader_changes_nothing(own: School) -> None:
    reader = signed_in(make_user(own.tenant_id, StaffRole.READER))
    before = state_of(own)

    for form in FORMS.values():
        path, sent = form(own)
        assert reader.post(path, sent).status_code in {200, 302, 403}

    assert state_of(own) == before
    assert reader.get(f"{CONVERSATIONS}{own.group.id}/change/").status_code == 200

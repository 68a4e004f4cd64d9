"""Staff of one school try to see or touch another's, in every way that the admin has."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from conversations import services
from conversations.values import Role
from staff.roles import StaffRole, appoint
from tests.staff.conftest import (
    AUDIT,
    CONVERSATIONS,
    LETTERS,
    PARTICIPANTS,
    USERS,
    School,
    audited,
    listed,
    make_letter,
    make_user,
    person,
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


def test_the_own_school_is_there(staff: Client, own: School) -> None:
    assert listed(staff, CONVERSATIONS) == [own.group.id]
    assert own.letter_id in listed(staff, LETTERS)
    assert str(own.entry_id) in listed(staff, AUDIT)
    for path in (
        f"{CONVERSATIONS}{own.group.id}/change/",
        f"{CONVERSATIONS}{own.group.id}/messages/",
        f"{CONVERSATIONS}{own.group.id}/history/",
        f"{PARTICIPANTS}{own.participant_id}/change/",
        f"{AUDIT}{own.entry_id}/change/",
    ):
        assert staff.get(path).status_code == 200, path


def test_lists_hold_the_own_school_only(staff: Client, own: School, foreign: School) -> None:
    assert foreign.group.id not in listed(staff, CONVERSATIONS)
    assert foreign.letter_id not in listed(staff, LETTERS)
    assert foreign.letter_id not in listed(staff, LETTERS, state="all")
    assert str(foreign.entry_id) not in listed(staff, AUDIT)


@pytest.mark.parametrize(
    "term",
    [
        lambda school: school.group.id,
        lambda school: school.group.name,
        lambda school: school.teacher.user_id,
        lambda school: school.teacher.user_name,
    ],
    ids=["id", "name", "participant's id", "participant's name"],
)
def test_no_search_finds_another_school(
    staff: Client, foreign: School, term: Callable[[School], str]
) -> None:
    assert listed(staff, CONVERSATIONS, q=term(foreign)) == []
    assert listed(staff, PARTICIPANTS, q=term(foreign)) == []


def test_a_student_or_a_class_of_another_school_is_not_found(
    staff: Client, foreign: School
) -> None:
    student, class_id = new_id(), new_id()
    services.create_student_group(
        foreign.tenant_id,
        student,
        "Nguyễn Minh Anh",
        parents=[person()],
        created_by=foreign.teacher.user_id,
        class_id=class_id,
    )

    assert listed(staff, CONVERSATIONS, q=student) == []
    assert listed(staff, CONVERSATIONS, q=class_id) == []


def test_a_person_in_both_schools_leads_to_the_own_one_only(
    staff: Client, own: School, foreign: School
) -> None:
    both = person("Trần Thị Hồng Nhung")
    for school in (own, foreign):
        services.add_participants(school.group.id, [both], Role.MEMBER)

    assert listed(staff, CONVERSATIONS, q=both.user_id) == [own.group.id]
    assert listed(staff, CONVERSATIONS, q="hong nhung") == [own.group.id]
    assert len(listed(staff, PARTICIPANTS, q=both.user_id)) == 1


def test_the_words_of_dead_letters_and_of_the_log_find_the_own_ones_only(
    staff: Client, foreign: School
) -> None:
    letter = collection("dead_letters").find_one({"_id": foreign.letter_id}) or {}

    for term in (foreign.letter_id, letter["messageId"], foreign.group.id):
        assert listed(staff, LETTERS, q=term) == []
    assert listed(staff, AUDIT, q=foreign.group.id) == []
    assert str(foreign.entry_id) not in listed(staff, AUDIT, q="somebody")


@pytest.mark.parametrize("path", [CONVERSATIONS, LETTERS, AUDIT])
def test_a_filter_by_another_school_finds_nothing_and_no_filter_names_one(
    staff: Client, foreign: School, path: str
) -> None:
    assert listed(staff, path, tenant_id=foreign.tenant_id) == []
    page = staff.get(path).content.decode()
    assert foreign.tenant_id not in page
    assert "By school" not in page


def test_the_participants_of_another_schools_conversation_are_not_listed(
    staff: Client, foreign: School
) -> None:
    assert listed(staff, PARTICIPANTS, conversation__id__exact=foreign.group.id) == []


LINKS: dict[str, Callable[[School], str]] = {
    "conversation": lambda school: f"{CONVERSATIONS}{school.group.id}/change/",
    "its history": lambda school: f"{CONVERSATIONS}{school.group.id}/history/",
    "its messages": lambda school: f"{CONVERSATIONS}{school.group.id}/messages/",
    "participant": lambda school: f"{PARTICIPANTS}{school.participant_id}/change/",
    "their history": lambda school: f"{PARTICIPANTS}{school.participant_id}/history/",
    "their removal": lambda school: f"{PARTICIPANTS}{school.participant_id}/delete/",
    "dead letter": lambda school: f"{LETTERS}{school.letter_id}/change/",
    "its history too": lambda school: f"{LETTERS}{school.letter_id}/history/",
    "audit entry": lambda school: f"{AUDIT}{school.entry_id}/change/",
    "entry's history": lambda school: f"{AUDIT}{school.entry_id}/history/",
    "user": lambda school: f"{USERS}{school.user.pk}/change/",
    "user's password": lambda school: f"{USERS}{school.user.pk}/password/",
    "user's history": lambda school: f"{USERS}{school.user.pk}/history/",
    "user's removal": lambda school: f"{USERS}{school.user.pk}/delete/",
}


@pytest.mark.parametrize("role", list(StaffRole))
@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS.keys())
def test_no_link_opens_another_school(
    own: School, foreign: School, link: Callable[[School], str], role: StaffRole
) -> None:
    staff = signed_in(make_user(own.tenant_id, role))

    response = staff.get(link(foreign))

    assert response.status_code in {302, 403, 404}
    shown = response.content.decode() + staff.get("/admin/").content.decode()
    assert foreign.group.name not in shown
    assert foreign.teacher.user_name not in shown
    assert foreign.user.username not in shown


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


def autocompleted(client: Client, term: str) -> list[str]:
    field = {"app_label": "conversations", "model_name": "participant"}
    response = client.get(
        "/admin/autocomplete/", {**field, "field_name": "conversation", "term": term}
    )
    assert response.status_code == 200
    return [each["id"] for each in response.json()["results"]]


def test_autocomplete_offers_the_own_school_only(
    staff: Client, own: School, foreign: School
) -> None:
    assert autocompleted(staff, "") == [own.group.id]
    assert autocompleted(staff, own.group.name) == [own.group.id]
    for term in (foreign.group.name, foreign.group.id, foreign.teacher.user_name):
        assert autocompleted(staff, term) == []


@pytest.mark.parametrize("field", ["user", "groups"])
def test_autocomplete_tells_no_users(staff: Client, field: str) -> None:
    for model in (("staff", "staffmember"), ("auth", "user"), ("admin", "logentry")):
        query = {"app_label": model[0], "model_name": model[1], "field_name": field, "term": ""}
        assert staff.get("/admin/autocomplete/", query).status_code in {403, 404}


def test_the_start_page_tells_the_own_letters_and_no_servers(
    own: School, foreign: School, staff: Client
) -> None:
    make_letter(foreign.tenant_id, foreign.group.id)

    start = staff.get("/admin/").context["start"]

    assert start.letters == 1
    assert start.servers is None


def test_a_letter_of_no_school_is_for_superusers(staff: Client, superuser: Client) -> None:
    letter = make_letter(None, new_id())

    assert staff.get(f"{LETTERS}{letter}/change/").status_code == 404
    assert letter not in listed(staff, LETTERS)
    assert letter in listed(superuser, LETTERS)


def test_a_superuser_sees_every_school(superuser: Client, own: School, foreign: School) -> None:
    for school in (own, foreign):
        assert listed(superuser, CONVERSATIONS, q=school.group.id) == [school.group.id]
        assert listed(superuser, CONVERSATIONS, tenant_id=school.tenant_id) == [school.group.id]
        assert listed(superuser, LETTERS, tenant_id=school.tenant_id) == [school.letter_id]
        assert listed(superuser, AUDIT, tenant_id=school.tenant_id) == [str(school.entry_id)]


def test_staff_without_a_school_do_not_come_in(database: None) -> None:
    user = User.objects.create_user(new_id(), password=new_id(), is_staff=True)

    response = signed_in(user).get(CONVERSATIONS)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")


def test_who_changes_the_school_sees_the_new_one_only(own: School, foreign: School) -> None:
    user = make_user(own.tenant_id)
    appoint(user, foreign.tenant_id, StaffRole.STAFF)

    assert listed(signed_in(user), CONVERSATIONS) == [foreign.group.id]


def test_a_reader_changes_nothing(own: School) -> None:
    reader = signed_in(make_user(own.tenant_id, StaffRole.READER))
    before = state_of(own)

    for form in FORMS.values():
        path, sent = form(own)
        assert reader.post(path, sent).status_code in {200, 302, 403}

    assert state_of(own) == before
    assert reader.get(f"{CONVERSATIONS}{own.group.id}/change/").status_code == 200

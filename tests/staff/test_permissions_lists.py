"""No list, search, filter or autocomplete of the admin shows staff of one school another's."""

from collections.abc import Callable

import pytest
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
    School,
    listed,
    make_user,
    person,
    signed_in,
)


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


def test_a_superuser_sees_every_school(superuser: Client, own: School, foreign: School) -> None:
    for school in (own, foreign):
        assert listed(superuser, CONVERSATIONS, q=school.group.id) == [school.group.id]
        assert listed(superuser, CONVERSATIONS, tenant_id=school.tenant_id) == [school.group.id]
        assert listed(superuser, LETTERS, tenant_id=school.tenant_id) == [school.letter_id]
        assert listed(superuser, AUDIT, tenant_id=school.tenant_id) == [str(school.entry_id)]


def test_who_changes_the_school_sees_the_new_one_only(own: School, foreign: School) -> None:
    user = make_user(own.tenant_id)
    appoint(user, foreign.tenant_id, StaffRole.STAFF)

    assert listed(signed_in(user), CONVERSATIONS) == [foreign.group.id]

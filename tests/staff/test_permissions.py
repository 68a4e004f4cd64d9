"""Staff open the pages of their own school, and no link leads to another's."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chat_project.identifiers import new_id
from staff.roles import StaffRole
from tests.staff.conftest import (
    AUDIT,
    CONVERSATIONS,
    LETTERS,
    PARTICIPANTS,
    USERS,
    School,
    listed,
    make_letter,
    make_user,
    signed_in,
)


def test_the_own_school_is_there(staff: Client, own: School) -> None:
    assert listed(staff, CONVERSATIONS) == [own.group.id]
    assert own.letter_id in listed(staff, LETTERS)
    assert str(own.entry_id) in listed(staff, AUDIT)
    for path in (
        f"{CONVERSATIONS}{own.group.id}/change/",
        f"{CONVERSATIONS}{own.group.id}/messages/",
        f"{PARTICIPANTS}{own.participant_id}/change/",
        f"{AUDIT}{own.entry_id}/change/",
    ):
        assert staff.get(path).status_code == 200, path


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


def test_staff_without_a_school_do_not_come_in(database: None) -> None:
    user = User.objects.create_user(new_id(), password=new_id(), is_staff=True)

    response = signed_in(user).get(CONVERSATIONS)

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/admin/login/")

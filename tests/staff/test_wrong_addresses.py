"""Addresses and forms that name nothing: "not found" or a message of the page, never a server error."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversations.models import Participant
from tests.staff.conftest import (
    AUDIT,
    CONVERSATIONS,
    LETTERS,
    PARTICIPANTS,
    USERS,
    School,
)

NO_KEY = "abc"
"""MongoDB's keys have 24 hexadecimal digits."""
LISTS = (CONVERSATIONS, PARTICIPANTS, LETTERS, AUDIT, USERS, "/admin/auth/group/")


@pytest.mark.parametrize("path", ["1/1/", "abc/abc/"])
def test_there_is_nothing_to_view_on_site(staff: Client, path: str) -> None:
    assert staff.get(f"/admin/r/{path}").status_code == 404


@pytest.mark.parametrize("path", [PARTICIPANTS, USERS, "/admin/auth/group/"])
def test_what_is_no_key_is_not_deleted_and_the_page_says_so(superuser: Client, path: str) -> None:
    sent = {"action": "delete_selected", "_selected_action": [NO_KEY], "post": "yes"}

    page = superuser.post(path, sent, follow=True)

    assert page.status_code == 200
    assert "Items must be selected" in page.content.decode()


def test_beside_what_is_no_key_the_others_are_deleted(superuser: Client, own: School) -> None:
    gone = User.objects.create_user("somebody who leaves")
    sent = {"action": "delete_selected", "_selected_action": [NO_KEY, gone.pk], "post": "yes"}

    assert superuser.post(USERS, sent).status_code == 302

    assert not User.objects.filter(pk=gone.pk).exists()
    assert Participant.objects.filter(pk=own.participant_id).exists()


@pytest.mark.parametrize("view", ["", "change/", "history/", "delete/", "password/", "messages/"])
@pytest.mark.parametrize("path", LISTS)
def test_a_page_of_what_is_no_key_is_not_there(superuser: Client, path: str, view: str) -> None:
    page = superuser.get(f"{path}{NO_KEY}/{view}", follow=True)

    assert page.status_code in {200, 403, 404}


@pytest.mark.parametrize(
    "query",
    [
        *("_popup", "_to_field", "p", "o", "id__exact", "pk__in", "conversation__id__exact"),
        *("groups__id__exact", "is_active__exact", "last_login__gte", "tenant_id", "activity"),
    ],
)
@pytest.mark.parametrize("path", LISTS)
def test_a_list_takes_whatever_its_address_says(superuser: Client, path: str, query: str) -> None:
    page = superuser.get(path, {query: NO_KEY}, follow=True)

    assert page.status_code in {200, 400, 403}

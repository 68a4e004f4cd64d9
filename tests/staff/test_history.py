"""Changes that staff make stand in the audit log alone: that is where the history of a page leads."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from chat_project.identifiers import new_id
from staff.models import StaffMember
from tests.staff.conftest import (
    AUDIT,
    CONVERSATIONS,
    LETTERS,
    PARTICIPANTS,
    USERS,
    School,
    audited,
    listed,
    make_user,
    signed_in,
)

GROUPS = "/admin/auth/group/"
BUTTON = 'class="historylink"'


def change_much(client: Client, school: School) -> None:
    """Through each way in which Django's admin would write its own log."""
    sent = {"conversation": school.group.id, "user_id": new_id(), "user_name": "Chi"}
    client.post(f"{PARTICIPANTS}add/", {**sent, "role": "Member"})
    [key] = listed(client, PARTICIPANTS, q=sent["user_id"])
    client.post(f"{PARTICIPANTS}{key}/change/", {"role": "ReadOnly"})
    client.post(f"{PARTICIPANTS}{key}/delete/", {"post": "yes"})
    other = {**sent, "user_id": new_id(), "role": "Member"}
    client.post(f"{PARTICIPANTS}add/", other)
    ticked = {"_selected_action": listed(client, PARTICIPANTS, q=str(other["user_id"]))}
    client.post(PARTICIPANTS, {"action": "delete_selected", **ticked, "post": "yes"})


def test_djangos_own_log_is_not_written(superuser: Client, own: School) -> None:
    before = LogEntry.objects.count()

    change_much(superuser, own)
    name = new_id()
    superuser.post(f"{GROUPS}add/", {"name": name})
    group = Group.objects.get(name=name)
    superuser.post(f"{GROUPS}{group.pk}/change/", {"name": name, "permissions": []})
    superuser.post(f"{GROUPS}{group.pk}/delete/", {"post": "yes"})

    assert LogEntry.objects.count() == before
    assert [each["action"] for each in audited(own.group.id)[1:]] == [
        *("add participant", "change role", "remove participant"),
        *("add participant", "remove participant"),
    ]
    actions = ["add group", "change group", "delete group"]
    assert [each["action"] for each in audited(name)] == actions


def test_groups_that_are_ticked_and_deleted_are_noted_each(superuser: Client) -> None:
    groups = [Group.objects.create(name=new_id()) for _ in range(2)]
    ticked = {"_selected_action": [str(group.pk) for group in groups]}

    superuser.post(GROUPS, {"action": "delete_selected", **ticked, "post": "yes"})

    for group in groups:
        assert [each["action"] for each in audited(group.name)] == ["delete group"]


HISTORIES: dict[str, tuple[Callable[[School], str], Callable[[School], str]]] = {
    "conversation": (
        lambda school: f"{CONVERSATIONS}{school.group.id}",
        lambda school: school.group.id,
    ),
    "participant": (
        lambda school: f"{PARTICIPANTS}{school.participant_id}",
        lambda school: school.group.id,
    ),
    "dead letter": (
        lambda school: f"{LETTERS}{school.letter_id}",
        lambda school: school.letter_id,
    ),
    "audit entry": (lambda school: f"{AUDIT}{school.entry_id}", lambda school: school.group.id),
    "user": (lambda school: f"{USERS}{school.user.pk}", lambda school: school.user.username),
}


@pytest.mark.parametrize(("page", "target"), HISTORIES.values(), ids=HISTORIES.keys())
def test_a_history_is_what_the_audit_log_has_of_it(
    superuser: Client,
    own: School,
    page: Callable[[School], str],
    target: Callable[[School], str],
) -> None:
    response = superuser.get(f"{page(own)}/history/", follow=True)

    assert response.request["PATH_INFO"] == AUDIT
    assert response.context["cl"].query == target(own)
    entries = [str(each.pk) for each in response.context["cl"].result_list]
    assert (str(own.entry_id) in entries) is (target(own) == own.group.id)


def test_what_nobody_changed_says_so(superuser: Client, own: School) -> None:
    page = superuser.get(f"{USERS}{own.user.pk}/history/", follow=True).content.decode()

    assert "No change of this is noted" in page


@pytest.mark.parametrize("path", [CONVERSATIONS, PARTICIPANTS, USERS])
def test_a_history_of_what_is_not_there_is_not_found(superuser: Client, path: str) -> None:
    assert superuser.get(f"{path}{new_id()}/history/").status_code == 404


def reader_of(school: School, *codenames: str) -> Client:
    """A user of the school with these permissions alone."""
    user: Any = User.objects.create_user(new_id(), is_staff=True)
    StaffMember.objects.create(user=user, tenant_id=school.tenant_id)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return signed_in(user)


def test_the_button_is_for_who_may_read_the_audit_log(own: School) -> None:
    page = f"{CONVERSATIONS}{own.group.id}/change/"
    may, may_not = (
        reader_of(own, "view_conversation", "view_auditentry"),
        reader_of(own, "view_conversation"),
    )

    assert BUTTON in may.get(page).content.decode()
    assert BUTTON not in may_not.get(page).content.decode()
    assert may_not.get(f"{CONVERSATIONS}{own.group.id}/history/", follow=True).status_code == 403


def test_no_page_tells_recent_actions(superuser: Client, own: School) -> None:
    change_much(superuser, own)

    for path in ("/admin/", "/admin/conversations/", "/admin/auth/"):
        page = superuser.get(path).content.decode()
        assert "recent-actions" not in page, path


def test_a_new_user_and_a_new_password_are_noted_as_before(superuser: Client) -> None:
    user = make_user(None)
    sent = {"password1": "một-mật-khẩu-dài-4711", "password2": "một-mật-khẩu-dài-4711"}

    superuser.post(
        f"{USERS}{user.pk}/password/", {**sent, "usable_password": "true", "set-password": "Change"}
    )

    assert [each["action"] for each in audited(user.username)] == ["set password"]

"""Who makes users of the admin, and that nobody gives more than they have."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from chat_project.identifiers import new_id
from staff.models import StaffMember
from staff.roles import GROUP_NAMES, StaffRole, role_of
from tests.staff.conftest import (
    CONVERSATIONS,
    USERS,
    School,
    audited,
    listed,
    make_user,
    signed_in,
)

PASSWORD = "một-mật-khẩu-dài-4711"


@pytest.fixture
def administrator(own: School) -> Client:
    return signed_in(make_user(own.tenant_id, StaffRole.ADMINISTRATOR))


def add(client: Client, **more: Any) -> User | None:
    name = new_id()
    sent = {
        "username": name,
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
        **more,
    }
    client.post(f"{USERS}add/", sent)
    return User.objects.filter(username=name).first()


def change(client: Client, user: User, **more: Any) -> Any:
    joined = {"date_joined_0": "2025-09-05", "date_joined_1": "07:00:00"}
    sent = {"username": user.username, "is_active": "on", "role": "staff", **joined, **more}
    return client.post(f"{USERS}{user.pk}/change/", sent)


def test_an_administrator_makes_staff_of_the_own_school(
    administrator: Client, own: School, foreign: School
) -> None:
    user = add(administrator)

    assert user is not None
    assert (user.is_staff, user.is_superuser) == (True, False)
    assert StaffMember.objects.get(pk=user.pk).tenant_id == own.tenant_id
    assert role_of(user) is StaffRole.STAFF
    colleague = Client()
    assert colleague.login(username=user.username, password=PASSWORD)
    assert listed(colleague, CONVERSATIONS) == [own.group.id]
    [entry] = audited(user.username)
    assert (entry["action"], entry["tenantId"]) == ("add user", own.tenant_id)
    assert PASSWORD not in str(entry)


def test_a_colleague_becomes_a_reader_and_inactive(administrator: Client, own: School) -> None:
    assert change(administrator, own.user, role="reader").status_code == 302
    assert role_of(own.user) is StaffRole.READER

    sent = {"username": own.user.username, "role": "reader"}
    administrator.post(f"{USERS}{own.user.pk}/change/", sent)
    own.user.refresh_from_db()
    assert not own.user.is_active


def test_what_a_school_does_not_give_is_not_taken_from_a_form(
    administrator: Client, own: School, foreign: School
) -> None:
    superusers = Group.objects.get_or_create(name=f"all {new_id()}")[0]
    forged = {
        "is_superuser": "on",
        "is_staff": "on",
        "school": foreign.tenant_id,
        "groups": [str(superusers.pk)],
        "user_permissions": [],
    }
    added = add(administrator, **forged)
    change(administrator, own.user, **forged)

    for user in (added, own.user):
        assert user is not None
        user.refresh_from_db()
        assert not user.is_superuser
        assert StaffMember.objects.get(pk=user.pk).tenant_id == own.tenant_id
        assert set(user.groups.values_list("name", flat=True)) == {GROUP_NAMES[StaffRole.STAFF]}


def test_nobody_of_a_school_makes_an_administrator(administrator: Client, own: School) -> None:
    response = change(administrator, own.user, role="administrator")

    assert response.status_code == 200, "the form is shown again"
    assert role_of(own.user) is StaffRole.STAFF


def test_an_administrator_changes_neither_another_nor_themselves(own: School) -> None:
    users = [make_user(own.tenant_id, StaffRole.ADMINISTRATOR) for _ in range(2)]
    client = signed_in(users[0])

    for user in users:
        assert client.get(f"{USERS}{user.pk}/change/").status_code == 200, "may be looked at"
        assert change(client, user, role="reader").status_code == 403
        assert client.get(f"{USERS}{user.pk}/password/").status_code == 403
        assert role_of(user) is StaffRole.ADMINISTRATOR


def test_a_superuser_who_is_also_of_the_school_is_out_of_reach(
    administrator: Client, own: School
) -> None:
    chief = make_user(None)
    StaffMember.objects.create(user=chief, tenant_id=own.tenant_id)

    assert str(chief.pk) not in {
        str(one.pk) for one in administrator.get(USERS).context["cl"].result_list
    }
    assert administrator.get(f"{USERS}{chief.pk}/password/").status_code in {302, 403, 404}
    assert change(administrator, chief).status_code in {302, 403}
    chief.refresh_from_db()
    assert chief.is_superuser


def test_the_list_and_the_search_of_users_hold_the_own_school(
    administrator: Client, own: School, foreign: School
) -> None:
    def shown(**query: str) -> set[str]:
        return {one.username for one in administrator.get(USERS, query).context["cl"].result_list}

    assert own.user.username in shown()
    assert foreign.user.username not in shown()
    assert shown(q=foreign.user.username) == set()
    assert administrator.get(USERS).content.decode().count(foreign.tenant_id) == 0


def test_an_administrator_sets_a_colleagues_password_and_it_is_noted(
    administrator: Client, own: School
) -> None:
    sent = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    sent["set-password"] = "Change"

    response = administrator.post(f"{USERS}{own.user.pk}/password/", sent)

    assert response.status_code == 302
    assert Client().login(username=own.user.username, password=PASSWORD)
    [entry] = audited(own.user.username)
    assert entry["action"] == "set password"
    assert PASSWORD not in str(entry)


@pytest.mark.parametrize(
    ("sent", "noted"),
    [(PASSWORD, ["set password", "not done: set password"]), ("other", [])],
    ids=["it breaks off", "the form is refused"],
)
def test_a_password_is_noted_before_it_is_set(
    administrator: Client,
    own: School,
    monkeypatch: pytest.MonkeyPatch,
    sent: str,
    noted: list[str],
) -> None:
    def break_off(*_: Any, **__: Any) -> None:
        raise RuntimeError("broken off")

    monkeypatch.setattr(User, "set_password", break_off)
    administrator.raise_request_exception = False
    form = {"password1": PASSWORD, "password2": sent, "usable_password": "true"}

    administrator.post(f"{USERS}{own.user.pk}/password/", {**form, "set-password": "Change"})

    assert [each["action"] for each in audited(own.user.username)] == noted


@pytest.mark.parametrize("role", [StaffRole.READER, StaffRole.STAFF])
def test_others_of_a_school_have_no_users(own: School, role: StaffRole) -> None:
    client = signed_in(make_user(own.tenant_id, role))

    assert client.get(USERS).status_code == 403
    assert client.get(f"{USERS}add/").status_code == 403
    assert add(client) is None


def test_groups_are_for_superusers(administrator: Client, superuser: Client) -> None:
    assert administrator.get("/admin/auth/group/").status_code == 403
    assert superuser.get("/admin/auth/group/").status_code == 200


def test_a_superuser_gives_school_and_role_together(superuser: Client, own: School) -> None:
    user = add(superuser)
    assert user is not None
    assert change(superuser, user, role="staff").status_code == 200, "without a school"

    given = {"role": "administrator", "school": own.tenant_id.upper(), "is_staff": "on"}
    assert change(superuser, user, **given).status_code == 302

    assert StaffMember.objects.get(pk=user.pk).tenant_id == own.tenant_id
    assert role_of(user) is StaffRole.ADMINISTRATOR


def test_a_superuser_takes_the_school_away(superuser: Client, own: School) -> None:
    sent = {"role": "", "school": "", "is_staff": "on"}

    assert change(superuser, own.user, **sent).status_code == 302

    assert not StaffMember.objects.filter(pk=own.user.pk).exists()
    assert role_of(own.user) is None
    assert signed_in(own.user).get(CONVERSATIONS).status_code == 302

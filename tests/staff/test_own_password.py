"""Who gives themselves another password stands in the audit log, without the password."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.staff.conftest import School, audited

PATH = "/admin/password_change/"
OLD, NEW = "một-mật-khẩu-dài-4711", "một-mật-khẩu-khác-4712"


def change(client: Client, old: str = OLD) -> Any:
    sent = {"old_password": old, "new_password1": NEW, "new_password2": NEW}
    return client.post(PATH, sent, follow=True)


@pytest.fixture
def somebody(own: School) -> Client:
    own.user.set_password(OLD)
    own.user.save()
    client = Client()
    client.force_login(own.user)
    return client


def test_a_password_of_ones_own_is_noted(somebody: Client, own: School) -> None:
    page = change(somebody)

    assert page.request["PATH_INFO"] == f"{PATH}done/"
    assert User.objects.get(pk=own.user.pk).check_password(NEW)
    [entry] = audited(own.user.username)
    assert (entry["action"], entry["by"]) == ("set own password", own.user.username)
    assert entry["tenantId"] == own.tenant_id
    assert NEW not in str(entry)


def test_a_refused_password_is_not_noted(somebody: Client, own: School) -> None:
    assert change(somebody, old="not the old one").status_code == 200

    assert audited(own.user.username) == []


def test_the_entry_comes_first(
    somebody: Client, own: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(User, "save", fail)
    with pytest.raises(RuntimeError):
        change(somebody)

    actions = [each["action"] for each in audited(own.user.username)]
    assert actions == ["set own password", "not done: set own password"]

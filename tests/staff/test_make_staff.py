import io
import sys
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from chat_project.identifiers import new_id
from staff.models import StaffMember
from staff.roles import StaffRole, role_of
from tests.staff.conftest import audited, make_user

PASSWORD = "một-mật-khẩu-dài-4711"


def make_staff(monkeypatch: pytest.MonkeyPatch, *arguments: str, password: str = PASSWORD) -> str:
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
    call_command("make_staff", *arguments, stdout=output)
    return output.getvalue().strip()


def options(user: str, **others: str) -> list[str]:
    given = {"user": user, "tenant": "school-1", **others}
    return [part for name, value in given.items() for part in (f"--{name}", value)]


@pytest.mark.parametrize("role", list(StaffRole))
def test_a_user_of_a_school_is_made(
    database: None, monkeypatch: pytest.MonkeyPatch, role: StaffRole
) -> None:
    name = new_id()

    told = make_staff(monkeypatch, *options(name, role=role.value), "--password-stdin")

    assert told == f"made {name}: {role.value} of school-1"
    user = User.objects.get(username=name)
    assert StaffMember.objects.get(pk=user.pk).tenant_id == "school-1"
    assert (role_of(user), user.is_superuser) == (role, False)
    assert Client().login(username=name, password=PASSWORD)
    [entry] = audited(name)
    assert (entry["action"], entry["tenantId"]) == ("add user", "school-1")


def test_one_that_is_there_gets_another_school_and_keeps_the_password(
    database: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = new_id()
    make_staff(monkeypatch, *options(name), "--password-stdin")

    told = make_staff(monkeypatch, *options(name, tenant="school-2", role="reader"))

    assert told == f"changed {name}: reader of school-2"
    assert Client().login(username=name, password=PASSWORD)


@pytest.mark.parametrize(
    ("arguments", "password", "code", "text"),
    [
        (["--password-stdin"], "short", 1, "too short"),
        ([], "", 2, "--password-stdin"),
        (["--tenant", "school\n1"], "", 2, "--tenant"),
    ],
    ids=["password", "no terminal", "tenant"],
)
def test_what_is_refused_makes_nobody(
    database: None,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    password: str,
    code: int,
    text: str,
) -> None:
    name = new_id()

    with pytest.raises(CommandError, match=text) as refused:
        make_staff(monkeypatch, *options(name), *arguments, password=password)

    assert refused.value.returncode == code
    assert not User.objects.filter(username=name).exists()


def test_a_superuser_gets_no_school(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    chief: Any = make_user(None)

    with pytest.raises(CommandError, match="is a superuser"):
        make_staff(monkeypatch, *options(chief.username))

import subprocess
import sys
import time
from pathlib import Path

import jwt
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from chat_project.api.tokens import token_verifier
from chat_project.settings.environment import environment

ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_token_stands_alone_on_one_line_of_standard_output() -> None:
    command = [sys.executable, "manage.py", "issue_token", "--user", "u", "--tenant", "t"]
    finished = subprocess.run(
        [*command, "--name", "Hoa"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    [token] = finished.stdout.splitlines()
    user = token_verifier().verify(token)
    assert (user.user_id, user.tenant_id, user.name) == ("u", "t", "Hoa")
    assert finished.stderr == ""


@pytest.mark.parametrize(("arguments", "seconds"), [([], 3_600), (["--ttl", "60"], 60)])
def test_a_token_lives_as_long_as_asked(
    capsys: pytest.CaptureFixture[str], arguments: list[str], seconds: int
) -> None:
    call_command("issue_token", "--user", "u", "--tenant", "t", *arguments)

    claims = jwt.decode(capsys.readouterr().out.strip(), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == seconds
    assert abs(claims["iat"] - time.time()) < 60


def test_the_api_accepts_it(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("issue_token", "--user", "u", "--tenant", "t")
    header = {"Authorization": f"Bearer {capsys.readouterr().out.strip()}"}

    assert Client().get("/api/v1/probe/whoami", headers=header).status_code == 200


@pytest.mark.parametrize("longest", ["x" * 255, "ạ" * 255], ids=["latin", "vietnamese"])
def test_an_id_may_be_as_long_as_the_service_takes(
    capsys: pytest.CaptureFixture[str], longest: str
) -> None:
    call_command("issue_token", "--user", longest, "--tenant", longest)

    assert token_verifier().verify(capsys.readouterr().out.strip()).user_id == longest


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--ttl", "0"),
        ("--ttl", "-5"),
        ("--ttl", "soon"),
        ("--user", ""),
        ("--user", "x" * 256),
        ("--tenant", ""),
        ("--tenant", "x" * 256),
        ("--tenant", "\udcff"),
    ],
)
def test_what_the_service_would_refuse_is_not_printed(option: str, value: str) -> None:
    given = {"--user": "u", "--tenant": "t", option: value}

    with pytest.raises(CommandError, match=f"argument {option}"):
        call_command("issue_token", *(f"{name}={each}" for name, each in given.items()))


def test_wrong_arguments_are_exit_code_two() -> None:
    command = [sys.executable, "manage.py", "issue_token", "--user", "", "--tenant", "t"]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (finished.returncode, finished.stdout) == (2, "")


def test_without_a_secret_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    without = environment().model_copy(update={"jwt_secret": None})
    monkeypatch.setattr("chat_project.management.commands.issue_token.environment", lambda: without)

    with pytest.raises(CommandError, match="JWT_SECRET is not set"):
        call_command("issue_token", "--user", "u", "--tenant", "t")

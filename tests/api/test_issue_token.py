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


@pytest.mark.parametrize("ttl", ["0", "-5"])
def test_a_time_to_live_must_be_positive(ttl: str) -> None:
    with pytest.raises(CommandError, match="--ttl"):
        call_command("issue_token", "--user", "u", "--tenant", "t", "--ttl", ttl)


def test_without_a_secret_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    without = environment().model_copy(update={"jwt_secret": None})
    monkeypatch.setattr("chat_project.management.commands.issue_token.environment", lambda: without)

    with pytest.raises(CommandError, match="JWT_SECRET is not set"):
        call_command("issue_token", "--user", "u", "--tenant", "t")

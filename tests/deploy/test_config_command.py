"""docker-compose itself reads the file, where there is one; it needs no container engine."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deploy.compose import FILLED_IN, ROOT


@pytest.fixture(scope="module")
def command() -> list[str]:
    for candidate in (["docker-compose"], ["docker", "compose"]):
        if shutil.which(candidate[0]) and run([*candidate, "version"]).returncode == 0:
            return candidate
    pytest.skip("neither docker-compose nor docker compose is installed: scripts/setup_compose")


def run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    # The variables of the test's process must not fill in what an .env leaves out.
    return subprocess.run(
        ["env", *(f"--unset={name}" for name in FILLED_IN), *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def config(command: list[str], settings: dict[str, str], folder: Path) -> str:
    """What it complains about."""
    file = folder / "settings.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    finished = run([*command, "--env-file", str(file), "config", "--quiet"])
    assert bool(finished.returncode) == bool(finished.stderr), finished.stderr
    return finished.stderr


def test_compose_accepts_the_file(command: list[str], tmp_path: Path) -> None:
    assert config(command, FILLED_IN, tmp_path) == ""


def test_compose_refuses_without_a_secret_and_names_it(command: list[str], tmp_path: Path) -> None:
    settings = {name: value for name, value in FILLED_IN.items() if name != "REDIS_PASSWORD"}

    assert "REDIS_PASSWORD is missing" in config(command, settings, tmp_path)


def test_compose_refuses_the_example_as_it_is(command: list[str]) -> None:
    finished = run([*command, "--env-file", ".env.example", "config", "--quiet"])

    assert finished.returncode != 0
    assert "is missing, see .env.example" in finished.stderr

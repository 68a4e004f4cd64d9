"""`scripts/setup_compose`: it brings docker-compose or says how, and never fails a run."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deploy.compose import ROOT

Program = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """Puts a shell script into a PATH that has nothing else; the user is root."""

    def put(name: str, script: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    put("id", "echo 0")
    return put


def said(folder: Path) -> str:
    finished = subprocess.run(
        ["/bin/bash", "scripts/setup_compose"],
        cwd=ROOT,
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert finished.stdout == ""
    return finished.stderr


@pytest.mark.parametrize("name", ["docker-compose", "docker"])
def test_what_is_there_is_enough(program: Program, tmp_path: Path, name: str) -> None:
    program(name, "echo v1; exit 0")

    assert said(tmp_path) == ""


def test_root_on_debian_gets_it_installed(program: Program, tmp_path: Path) -> None:
    program("apt-get", f'echo "$@" >>{tmp_path}/called')

    said(tmp_path)

    called = (tmp_path / "called").read_text().splitlines()
    assert called == ["update", "install -y --no-install-recommends docker-compose"]


def test_a_failed_install_is_told_and_fails_nothing(program: Program, tmp_path: Path) -> None:
    program("apt-get", "exit 100")

    assert "installing docker-compose failed" in said(tmp_path)


@pytest.mark.parametrize(
    ("user", "installer"), [("0", "dnf"), ("1000", "apt-get")], ids=["no Debian", "no root"]
)
def test_elsewhere_the_command_is_named(
    program: Program, tmp_path: Path, user: str, installer: str
) -> None:
    program("id", f"echo {user}")
    program(installer, "exit 1")

    assert "install it with `apt-get update && apt-get install" in said(tmp_path)

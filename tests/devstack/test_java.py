from collections.abc import Callable
from pathlib import Path

import pytest

from devstack import StackError, java

Program = Callable[[str, str], None]

JAVA_21 = "echo 'openjdk version \"21.0.1\"' >&2"
JAVA_11 = "echo 'openjdk version \"11.0.2\"' >&2"


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Puts a shell script into a PATH that has nothing else; the user is root."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 0)

    def put(name: str, script: str) -> None:
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)

    return put


def test_java_of_path_is_found(program: Program, tmp_path: Path) -> None:
    program("java", JAVA_21)

    assert java.runtime() == tmp_path / "java"


def test_an_old_java_is_refused_with_the_command_that_brings_a_newer_one(program: Program) -> None:
    program("java", JAVA_11)

    with pytest.raises(StackError, match=r"needs Java 17 or newer, found .*/java.*apt-get install"):
        java.runtime()


def test_without_root_the_install_command_is_named(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("apt-get", "exit 1")
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    with pytest.raises(
        StackError, match=r"no Java found .*: install it with `apt-get .*` \(as root\)"
    ):
        java.runtime()


def test_root_on_debian_gets_java_installed(
    program: Program, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program("java-21", JAVA_21)
    program("apt-get", f'[ "$1" = update ] || /bin/mv {tmp_path}/java-21 {tmp_path}/java')

    assert java.runtime() == tmp_path / "java"
    assert "no Java found in JAVA_HOME or PATH; installing: apt-get" in capfd.readouterr().err


def test_a_failed_install_names_its_command(program: Program) -> None:
    program("apt-get", "exit 100")

    with pytest.raises(StackError, match="installing failed; the command was: apt-get update"):
        java.runtime()

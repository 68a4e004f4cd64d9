"""The plugin in a pytest of its own, which has nothing of this project but the plugin."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.instance import REPOSITORY
from devstack.pytest_plugin import ADDRESSES

PLUGIN = ["-p", "devstack.pytest_plugin", "-p", "no:django", "-p", "no:cacheprovider", "-rs"]


def _run(folder: Path, test: str, **environment: str) -> str:
    (folder / "test_inner.py").write_text(test)
    names = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), **environment}
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, *PLUGIN, "test_inner.py"],
        cwd=folder,
        env=names,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return answer.stdout + answer.stderr


def test_addresses_of_the_environment_win(tmp_path: Path) -> None:
    test = f"""
import os
def test_it():
    assert [os.environ[name] for name in {ADDRESSES}] == ["kafka:1", "mongodb://x", "redis://x"]
    assert os.environ["KAFKA_TOPIC_PREFIX"].startswith("test-")
    assert os.environ["MONGODB_DATABASE"] == "mine"
"""
    addresses = dict(zip(ADDRESSES, ("kafka:1", "mongodb://x", "redis://x"), strict=True))

    output = _run(tmp_path, test, MONGODB_DATABASE="mine", **addresses)

    assert "1 passed" in output, output


def test_the_stack_fixture_skips_on_foreign_servers(tmp_path: Path) -> None:
    addresses = dict.fromkeys(ADDRESSES, "somewhere")

    output = _run(tmp_path, "def test_it(stack): pass", **addresses)

    assert "1 skipped" in output, output
    assert "come from the environment" in output


@pytest.mark.parametrize("option", ["--collect-only", "--version"])
def test_nothing_starts_for_a_question(tmp_path: Path, option: str) -> None:
    output = _run(tmp_path, "def test_it(): pass", PYTEST_ADDOPTS=option)

    assert "devstack:" not in output, output

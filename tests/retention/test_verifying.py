"""`--verify`: what is asked, and what is told when a copy cannot be read."""

from pathlib import Path

import pytest

from chat_project.mongodb import database
from tests.retention.lives import MakeConversation
from tests.retention.test_exporting import export, refused

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def exported(conversation: MakeConversation, tmp_path: Path) -> Path:
    folder, why = tmp_path / "export", ("--by", "Mai", "--reason", "a complaint")
    export("export_conversation", conversation(), "--output", str(folder), *why)
    return folder


def test_a_copy_that_cannot_be_read_is_told_as_that(exported: Path) -> None:
    lines = exported / "export.jsonl"
    lines.unlink()
    lines.symlink_to("/proc/self/mem")  # opens, and cannot be read from its beginning

    code, told = refused("export_conversation", "--verify", str(exported))

    assert code == 1
    assert "not compared, --verify cannot be read" in told
    assert "--output" not in told


def test_the_audit_log_is_asked_by_its_index(exported: Path) -> None:
    database().drop_collection("system.profile")
    database().command("profile", 2)
    try:
        export("export_conversation", "--verify", str(exported))
    finally:
        database().command("profile", 0)

    asked = {"ns": f"{database().name}.audit_log", "op": "query"}
    [command] = database()["system.profile"].find(asked)
    assert command["planSummary"] == "IXSCAN { target: 1, at: 1 }"

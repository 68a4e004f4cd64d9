"""`manage.py import_history` as a door: arguments, output, exit codes."""

import io
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from chat_project import mongodb
from chat_project.settings.environment import environment
from tests.history.conftest import pair_of
from tests.history.replaced import Replaced
from tests.processes import manage, running

CLOSED = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200"


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, output, error. What the parser refuses is 1 here, and 2 as a process."""
    output = io.StringIO()
    try:
        call_command("import_history", *arguments, stdout=output)
    except CommandError as error:
        return error.returncode, output.getvalue(), str(error)
    return 0, output.getvalue(), ""


def of(replaced: Replaced) -> list[str]:
    uri = environment().mongodb_uri
    return ["--source-uri", uri, "--source-database", replaced.database.name]


WRONG: dict[str, tuple[Sequence[str], int, str]] = {
    "no source": ([], 2, "set HISTORY_MONGODB_URI, or give --source-uri"),
    "a blank source": (["--source-uri", " "], 1, "is blank"),
    "no address": (["--source-uri", "http://old-host"], 2, "the address of the source"),
    "nobody there": (["--source-uri", CLOSED], 1, "not to the end, run it again: the source"),
    "a blank school": (["--source-uri", CLOSED, "--tenant", ""], 1, "is blank"),
    "no folder of files": (
        ["--source-uri", CLOSED, "--files-from", "/nowhere"],
        2,
        "--files-from: there is no folder /nowhere",
    ),
    "a bucket without keys": (
        ["--source-uri", CLOSED, "--files-from", "s3://emis-chat"],
        2,
        "set HISTORY_FILES_ACCESS_KEY",
    ),
    "a report that cannot be written": (
        ["--source-uri", CLOSED, "--report", "/nowhere/report"],
        2,
        "--report:",
    ),
}


@pytest.mark.parametrize(("arguments", "code", "text"), WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_are_refused_by_name(
    arguments: Sequence[str], code: int, text: str, database: None
) -> None:
    found, output, error = run(*arguments)

    assert (found, output) == (code, "")
    assert text in error


def test_a_database_that_is_not_the_replaced_systems_is_refused(replaced: Replaced) -> None:
    uri = environment().mongodb_uri

    empty = run("--source-uri", uri, "--source-database", "nothing_here")
    own = run("--source-uri", uri, "--source-database", mongodb.database().name)

    assert (empty[0], own[0]) == (2, 2)
    assert "the source has no collection conversations and messages" in empty[2]
    assert "the source is this service's own database" in own[2]


def test_a_mistyped_school_does_not_pass_as_one_that_is_brought(replaced: Replaced) -> None:
    pair_of(replaced)
    nobody = str(uuid4())

    code, output, error = run(*of(replaced), "--tenant", nobody)

    assert (code, output) == (2, "")
    assert f"--tenant: the source has no conversation of {nobody}" in error


def test_people_read_a_summary(replaced: Replaced) -> None:
    id_, mai, _ = pair_of(replaced)
    replaced.message(id_, mai, "x", minutes=1)

    code, output, error = run(*of(replaced))

    assert (code, error) == (0, "")
    assert "conversations: 1 brought, 0 there already, 0 refused, 0 unreadable" in output
    assert "messages: 1 brought, 0 not brought; participants: 2" in output
    assert "  wrong_last_message: 1" in output


def test_the_uri_may_come_from_the_environment_and_the_result_is_alone_on_stdout(
    replaced: Replaced,
) -> None:
    command = manage("import_history", "--source-database", replaced.database.name, "--dry-run")

    with running(command, {"HISTORY_MONGODB_URI": environment().mongodb_uri}) as process:
        assert process.wait(60) == 0, process.output()
        assert "conversations: 0 would be brought" in process.output()


def test_a_source_without_an_index_is_read_and_warned_of(
    replaced: Replaced, caplog: pytest.LogCaptureFixture
) -> None:
    id_, mai, _ = pair_of(replaced)
    replaced.message(id_, mai, "x", minutes=1)
    replaced.database["messages"].drop_indexes()

    code, output, _ = run(*of(replaced))

    assert code == 0
    assert "messages: 1 brought" in output
    assert "Create {ConversationId: 1, SentAt: 1} there" in caplog.text


def test_the_report_is_appended_to(replaced: Replaced, tmp_path: Path) -> None:
    replaced.conversation("3d2f1c6e-0a4b-4c8d-9e7f-1a2b3c4d5e6f", None)
    report = tmp_path / "report"

    for _ in range(2):
        assert run(*of(replaced), "--dry-run", "--report", str(report))[0] == 0

    assert len(report.read_text().splitlines()) == 2

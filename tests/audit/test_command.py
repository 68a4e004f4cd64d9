"""`manage.py reconcile` as a door: arguments, output, exit codes."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pymongo
import pytest
from django.core.management import CommandError, call_command

from chat_project.identifiers import new_id
from chat_project.mongodb import client, collection
from consumers.audit import Kind, Report
from consumers.audit.report import InFlight
from consumers.management.commands import reconcile as command
from tests.audit.conftest import Filled, Room
from tests.processes import manage, running


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, output, errors."""
    output, errors = io.StringIO(), io.StringIO()
    try:
        call_command("reconcile", *arguments, stdout=output, stderr=errors)
    except SystemExit as ended:
        return int(ended.code or 0), output.getvalue(), errors.getvalue()
    except CommandError as error:  # of the parser, which ends with 2 as a command
        return 2, output.getvalue(), str(error)
    return 0, output.getvalue(), errors.getvalue()


def pretend(monkeypatch: pytest.MonkeyPatch, differences: dict[Kind, int]) -> None:
    report = Report(
        checked={},
        in_flight=InFlight(0, None),
        differences=differences,
        findings=[],
        repaired=0,
        cache_checked=True,
        seconds=0.1,
    )
    monkeypatch.setattr(command, "reconcile", lambda *_, **__: report)


def test_what_nobody_expected_is_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(*_: Any, **__: Any) -> None:
        raise KeyError("seq")

    monkeypatch.setattr(command, "reconcile", break_off)

    code, output, errors = run()

    assert (code, output) == (2, "")
    assert "could not check: KeyError('seq')" in errors


def test_metrics_that_cannot_be_written_keep_the_report(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend(monkeypatch, {Kind.LOST: 3})

    code, output, errors = run("--metrics-file", str(tmp_path / "nope" / "x"))

    assert code == 2
    assert "differences: 3" in output
    assert "the metrics could not be written" in errors


def test_closable_letters_alone_are_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, {Kind.CLOSABLE_LETTER: 3})

    assert run()[0] == 0


WRONG = {
    "a blank conversation": (["--conversation", ""], "is blank"),
    "a blank database": (["--database", " "], "is blank"),
    "a time that ends before it begins": (
        ["--since", "2025-11-08", "--until", "2025-11-07"],
        "--since is not before --until",
    ),
}


@pytest.mark.parametrize(("arguments", "text"), WRONG.values(), ids=WRONG.keys())
def test_wrong_arguments_are_refused(arguments: Sequence[str], text: str) -> None:
    code, output, errors = run(*arguments)

    assert (code, output) == (2, "")
    assert text in errors


def as_process(filled: Filled, *arguments: str) -> tuple[int, str]:
    with running(manage("reconcile", *arguments), filled.pipeline.variables) as process:
        return process.wait(60), process.output()


def test_a_conversation_that_there_is_not_is_refused(filled: Filled) -> None:
    code, output = as_process(filled, "--conversation", filled.take().id, "--conversation", "nope")

    assert code == 2
    assert "could not check: there is no conversation nope" in output


def test_a_database_that_never_held_the_topic_is_refused_and_not_made(filled: Filled) -> None:
    name, letters = f"typo_{new_id()[:8]}", len(filled.pipeline.dead_lettered())

    code, output = as_process(filled, "--database", name, "--repair")

    assert code == 2
    assert f"the database {name} does not exist, or has never held" in output
    assert name not in client().list_database_names()
    assert len(filled.pipeline.dead_lettered()) == letters


def test_the_repair_of_another_database_produces_nothing(filled: Filled, room: Room) -> None:
    name, letters = f"other_{new_id()[:8]}", len(filled.pipeline.dead_lettered())
    for source in ("topics", "conversations", "participants", "messages"):
        collection(source).aggregate([{"$out": {"db": name, "coll": source}}])
    try:
        code, output = as_process(filled, "--database", name, "--conversation", room.id, "--repair")
        written = client()[name]["dead_letters"].count_documents({})
    finally:
        with pymongo.timeout(60):  # it waits for what MongoDB is writing
            client().drop_database(name)

    assert (code, written) == (0, 1), output
    assert len(filled.pipeline.dead_lettered()) == letters

"""`manage.py erase_person`: what it notes, tells and refuses, and who ends a run that broke off."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from chat_project.mongodb import collection
from consumers.erasure.erasing import look
from consumers.errors import RetryLater
from conversations.erased import ERASED_NAME
from tests.processes import manage, running
from tests.retention.conftest import check_nothing_is_left
from tests.retention.lives import Live, MakeConversation
from tests.retention.traces import HER, SUBJECT, School, found_in
from tests.waiting import wait_until


def test_it_is_noted_without_what_was_erased(school: School) -> None:
    told = school.erase()

    noted = list(collection("audit_log").find({"target": f"user {HER}"}).sort("at", 1))
    assert [each["action"] for each in noted] == ["begin to erase person", "erase person"]
    assert {each["by"] for each in noted} == {"Mai"}
    details = noted[1]["details"]
    assert (details["reason"], details["changes"]) == ("she asked for it", told.changes)
    [person] = collection("erased_persons").find({"userId": HER})
    assert person["completedAt"]
    assert "names" not in person


def test_a_look_changes_nothing_and_again_it_finds_nothing(school: School) -> None:
    before = found_in(school.live.name)
    assert look(SUBJECT, on_conversations=lambda _: None).changes == 8
    assert found_in(school.live.name) == before

    school.erase()
    again = school.erase()

    assert (again.changes, again.names, again.files, again.dead_letters) == (0, 0, 0, 0)


def test_without_consumers_it_gives_up_and_the_next_run_ends_it(school: School) -> None:
    with pytest.raises(RetryLater, match="have not handled it within 1 s"):
        school.erase_alone(seconds=1)

    school.erase()

    check_nothing_is_left(school)


def test_a_killed_run_is_ended_by_the_next(school: School, folder: Path) -> None:
    who = ("--tenant", "tenant-1", "--user", HER, "--by", "Mai", "--reason", "x", "--yes")
    files = {"ATTACHMENT_FOLDER": str(folder.parent)}
    variables = {**school.live.pipeline.variables, **files}
    with running(manage("erase_person", *who), variables) as process:
        without_name = {"userId": HER, "userName": ERASED_NAME}
        wait_until(lambda: collection("participants").find_one(without_name), "a name", seconds=120)
        process.kill()

    school.erase()

    check_nothing_is_left(school)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--tenant", "tenant-1", "--user", "u", "--yes"], "--by and --reason are needed"),
        (["--tenant", "tenant-1", "--user", "u", "--by", "M", "--reason", "x"], "say --yes"),
        (["--tenant", "nobody", "--user", "u", "--dry-run"], "has no conversations"),
        (["--user", "u"], "--tenant"),
    ],
    ids=["nobody orders it", "not confirmed", "no such school", "no school"],
)
def test_wrong_arguments_are_refused(
    live: Live, conversation: MakeConversation, options: list[str], told: str
) -> None:
    conversation()

    with pytest.raises(CommandError, match=told):
        call_command("erase_person", *options)


def test_the_command_tells_what_it_would_do(
    school: School, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("erase_person", "--tenant", "tenant-1", "--user", HER, "--dry-run")

    assert capsys.readouterr().out == (
        f"{HER} of tenant-1: 8 messages would be deleted or reworded in 4 conversations\n"
    )

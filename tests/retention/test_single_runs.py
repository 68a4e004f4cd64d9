"""Commands that remove something run once at a time."""

import pytest
from django.core.management import call_command

from chat_project.running_alone import RunsAlready, running_alone


@pytest.mark.parametrize(
    "command",
    [
        ["purge_messages"],
        ["erase_person", "--tenant", "t", "--user", "u", "--dry-run"],
    ],
    ids=lambda command: command[0],
)
def test_a_second_run_ends_at_once(database: None, command: list[str]) -> None:
    with running_alone(command[0]), pytest.raises(RunsAlready, match="runs already"):
        call_command(*command)

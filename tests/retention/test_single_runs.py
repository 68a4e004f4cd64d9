"""Commands that remove something run once at a time."""

import pytest
from django.core.management import CommandError, call_command

from chat_project.single_run import only_run


@pytest.mark.parametrize(
    "command",
    [
        ["purge_messages"],
        ["erase_person", "--tenant", "t", "--user", "u", "--dry-run"],
    ],
    ids=lambda command: command[0],
)
def test_a_second_run_ends_at_once(database: None, command: list[str]) -> None:
    with only_run(command[0]), pytest.raises(CommandError, match="is running already"):
        call_command(*command)

"""What the commands refuse before they begin."""

import pytest
from django.core.management import CommandError, call_command


@pytest.mark.parametrize(
    "command",
    [
        ["consume_messages", "--group", ""],
        ["consumer_lag", "--group", ""],
        ["reconcile", "--group", " "],
        ["reconcile", "--database", ""],
        ["replay", "--from", "beginning", "--group", ""],
    ],
    ids=" ".join,
)
def test_an_empty_shell_variable_does_not_mean_the_default(command: list[str]) -> None:
    with pytest.raises(CommandError, match="is blank"):
        call_command(*command)

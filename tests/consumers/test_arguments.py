"""What the commands refuse before they begin."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class

from chat_project.arguments import some_path


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


@pytest.mark.parametrize(
    ("command", "option"),
    [
        ("import_roster file.csv", "--tenant"),
        ("import_roster file.csv --tenant t", "--org"),
        ("import_history", "--tenant"),
        ("make_staff --user clerk", "--tenant"),
        ("purge_messages", "--tenant"),
        ("erase_person --user u", "--tenant"),
        ("erase_person --tenant t", "--user"),
        ("export_person --user u", "--tenant"),
        ("export_person --tenant t", "--user"),
        ("retention", "--tenant"),
        ("retention", "--hold"),
        ("issue_token --user u", "--tenant"),
        ("issue_token --tenant t", "--user"),
        ("dead_letters list", "--conversation"),
    ],
)
def test_blanks_at_the_ends_of_an_id_are_no_part_of_it(command: str, option: str) -> None:
    """A school with such an id would be one that nobody can see."""
    name, *before = command.split()
    application = get_commands()[name]
    assert isinstance(application, str)
    parser = load_command_class(application, name).create_parser("manage.py", name)

    parsed = vars(parser.parse_args([*before, option, " school-1 "]))

    assert parsed[option.removeprefix("--")] == "school-1"


def test_a_path_keeps_its_blanks() -> None:
    assert some_path(" folder ") == Path(" folder ")

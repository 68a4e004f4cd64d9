"""Every command of the project: help and wrong arguments."""

import argparse
import re
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, get_commands, load_command_class
from django.core.management.base import BaseCommand

from chat_project.commands import ProductCommand
from tests.command_calls import CALLS, COMMANDS
from tests.forked import Commands, commands
from tests.processes import manage, running


def command(name: str) -> BaseCommand:
    application = get_commands()[name]
    assert isinstance(application, str)
    return load_command_class(application, name)


def parsers(name: str) -> Iterator[tuple[list[str], argparse.ArgumentParser]]:
    """The command's own, and those of its actions behind the action's name."""
    parser = command(name).create_parser("manage.py", name)
    yield [], parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice, sub in action.choices.items():
                yield [choice], sub


def valued_options() -> Iterator[tuple[str, list[str], str]]:
    common = {action.dest for action in BaseCommand().create_parser("manage.py", "any")._actions}
    for name in COMMANDS:
        for before, parser in parsers(name):
            for action in parser._actions:
                if action.option_strings and action.nargs != 0 and action.dest not in common:
                    yield name, before, action.option_strings[-1]


@pytest.fixture(scope="module")
def commands_here() -> Iterator[Commands]:
    with commands({}) as here:
        yield here


def test_there_are_commands() -> None:
    assert {"consume_messages", "create_indexes", "issue_token", "seed_demo"} <= set(COMMANDS)
    assert set(CALLS) <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_it_does_and_which_exit_codes_it_has(name: str) -> None:
    text = " ".join(command(name).create_parser("manage.py", name).format_help().split())

    assert re.search(r"[Ee]xit 0", text)
    assert re.search(r"[Ww]rong arguments", text)


@pytest.mark.parametrize("name", COMMANDS)
def test_it_starts_as_the_product_does(name: str) -> None:
    assert isinstance(command(name), ProductCommand)


@pytest.mark.parametrize("name", COMMANDS)
def test_an_unknown_option_is_named(name: str) -> None:
    parser = command(name).create_parser("manage.py", name)

    with pytest.raises(CommandError, match="--no-such-option"):
        parser.parse_args([*CALLS.get(name, [[]])[0], "--no-such-option"])


@pytest.mark.parametrize(("name", "before", "option"), list(valued_options()))
def test_a_blank_value_is_refused_and_its_option_named(
    name: str, before: list[str], option: str
) -> None:
    """An empty variable of a shell must not choose everything."""
    with pytest.raises(CommandError, match=option):
        command(name).create_parser("manage.py", name).parse_args([*before, option, " "])


@pytest.mark.parametrize("name", COMMANDS)
def test_it_ends_with_2_and_without_a_traceback(name: str, commands_here: Commands) -> None:
    helped = commands_here.run(name, "--help")
    wrong = commands_here.run(name, "--no-such-option")

    assert (helped.code, wrong.code) == (0, 2)
    assert "usage: manage.py" in helped.output
    assert f"manage.py {name}" in wrong.output
    assert "Traceback" not in wrong.output


@pytest.mark.parametrize("name", ["consume_messages", "issue_token"])
def test_as_a_process_it_ends_with_2_and_without_a_traceback(name: str) -> None:
    with running(manage(name, "--no-such-option"), {}) as wrong:
        assert wrong.wait() == 2
        assert f"manage.py {name}" in wrong.output()
        assert "Traceback" not in wrong.output()

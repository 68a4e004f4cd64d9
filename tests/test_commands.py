"""Every command of the project: help, wrong arguments, and each server away. A new command is found by
itself; if it cannot be called without arguments, CALLS says how.
"""

import argparse
import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.management import CommandError, get_commands, load_command_class
from django.core.management.base import BaseCommand

from chat_project.commands import ProductCommand
from chat_project.mongodb import client
from chat_project.settings.environment import BASE_DIR
from tests.consumers.pipelines import Pipeline
from tests.history.replaced import ADMIN, Replaced
from tests.processes import ROOT, Process, manage, running
from tests.waiting import wait_until

OUR_APPS = {each.name for each in apps.get_app_configs() if Path(each.path).parent == BASE_DIR}
COMMANDS = sorted(name for name, app in get_commands().items() if app in OUR_APPS)

NEW_DATABASE, NEW_FOLDER = "NEW_DATABASE", "NEW_FOLDER"
"""Stand for names that nothing has yet."""
CONVERSATION, TENANT, USER, REPLACED, ROSTER = (
    "CONVERSATION",
    "TENANT",
    "USER",
    "REPLACED",
    "ROSTER",
)
"""Stand for what is in the world."""
WHY = ["--by", "Mai", "--reason", "a test"]
WHOSE = ["--tenant", TENANT, "--user", USER]
CALLS: Mapping[str, Sequence[Sequence[str]]] = {
    "consume_messages": [[], ["--drain"]],
    "dead_letters": [["list"], ["discard", "--all", "--why", "a test", "--yes"]],
    "erase_person": [[*WHOSE, "--dry-run"]],
    "export_conversation": [[CONVERSATION, "--output", NEW_FOLDER, *WHY]],
    "export_person": [[*WHOSE, "--output", NEW_FOLDER, *WHY]],
    "import_history": [["--source-database", REPLACED]],
    "import_roster": [[ROSTER, "--tenant", "school-1"]],
    "index_messages": [[], ["--drain"]],
    "issue_token": [["--user", "teacher-1", "--tenant", "school-1"]],
    "make_staff": [["--user", "clerk", "--tenant", "school-1"]],
    "rebuild": [["--into", NEW_DATABASE, "--yes"]],
    "replay": [["--from", "beginning", "--yes"]],
}
"""Calls that work while everything is there, without a terminal; others need no arguments."""
LASTING: Sequence[tuple[str, Sequence[str]]] = [("consume_messages", []), ("index_messages", [])]
"""What waits for its servers until it is told to stop."""

AWAY = {
    "Kafka": {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"},
    "MongoDB": {"MONGODB_URI": "mongodb://127.0.0.1:9/?replicaSet=rs0"},
    "Redis": {"REDIS_URL": "redis://127.0.0.1:9/0"},
}
END_SECONDS = 180.0


def calls() -> Iterator[tuple[str, Sequence[str]]]:
    for name in COMMANDS:
        for arguments in CALLS.get(name, [[]]):
            yield name, arguments


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


class World(NamedTuple):
    """`variables` of the environment; `there`: what stands for what in a call."""

    variables: Mapping[str, str]
    there: Mapping[str, str]
    folder: Path

    def call(self, name: str, arguments: Sequence[str]) -> list[str]:
        number = uuid4().hex[:8]
        new = {
            NEW_DATABASE: f"new_{number}_{os.environ['MONGODB_DATABASE']}",
            NEW_FOLDER: str(self.folder / number),
        }
        return manage(name, *({**new, **self.there}.get(each, each) for each in arguments))


@pytest.fixture(scope="module")
def world(database: None, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Topics and a database of its own, with two schools, a clerk, a dead letter and a group that
    has committed."""
    pipeline = Pipeline()
    own = f"{uuid4().hex[:8]}_{os.environ['MONGODB_DATABASE']}"
    variables = {
        **pipeline.variables,
        "MONGODB_DATABASE": own,
        "HISTORY_MONGODB_URI": os.environ["MONGODB_URI"],
    }
    pipeline.send("a-conversation-that-there-is-not")
    with pipeline.consumer("--drain", MONGODB_DATABASE=own) as consumer:
        assert consumer.wait(END_SECONDS) == 0, consumer.output()
    done(manage("migrate"), variables)
    seeded = done(manage("seed_demo", "--json"), variables)
    done(
        manage("make_staff", "--user", "clerk", "--tenant", "school-1", "--password-stdin"),
        variables,
        "an-uncommon-password-7\n",
    )
    [school, *_] = json.loads(seeded)["tenants"]
    replaced = f"replaced_{own}"
    people = Replaced(client()[replaced])
    people.conversation(str(uuid4()), [people.person(str(uuid4()), "Mai", role=ADMIN)])
    folder = tmp_path_factory.mktemp("commands")
    roster = folder / "roster.csv"
    roster.write_text("sourcedId,givenName,familyName,role\np-1,Lan,Hoàng,parent\n")
    there = {
        CONVERSATION: school["conversations"][0]["conversationId"],
        TENANT: school["tenantId"],
        USER: school["users"][0]["userId"],
        REPLACED: replaced,
        ROSTER: str(roster),
    }
    return World(variables, there, folder)


def done(command: list[str], variables: Mapping[str, str], said: str = "") -> str:
    """What it prints."""
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **variables},
        input=said,
        capture_output=True,
        text=True,
        timeout=END_SECONDS,
        check=True,
    )
    return ended.stdout


def ended(arguments: Sequence[str], variables: Mapping[str, str]) -> tuple[int, str]:
    with running(list(arguments), variables) as process:
        return process.wait(END_SECONDS), process.output()


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
def test_as_a_process_it_ends_with_2_and_without_a_traceback(name: str) -> None:
    with ExitStack() as within:
        helped = within.enter_context(running(manage(name, "--help"), {}))
        wrong = within.enter_context(running(manage(name, "--no-such-option"), {}))

        assert (helped.wait(END_SECONDS), wrong.wait(END_SECONDS)) == (0, 2)
        assert "usage: manage.py" in helped.output()
        assert f"manage.py {name}" in wrong.output()
        assert "Traceback" not in wrong.output()


@pytest.mark.parametrize(
    ("name", "arguments"), list(calls()), ids=lambda each: each if isinstance(each, str) else None
)
def test_it_works_or_says_which_server_is_away(
    name: str, arguments: Sequence[str], world: World
) -> None:
    if (name, arguments) in LASTING:
        pytest.skip("waits for its servers: see below")
    for side_by_side in (("Kafka", "MongoDB"), ("Redis",)):
        with ExitStack() as within:
            runs = {
                server: within.enter_context(
                    running(world.call(name, arguments), {**world.variables, **AWAY[server]})
                )
                for server in side_by_side
            }
            for server, process in runs.items():
                code, output = process.wait(END_SECONDS), process.output()
                [setting] = AWAY[server]
                assert "Traceback" not in output, output
                is_told = code in (1, 2) and setting in output
                assert code == 0 or is_told, (server, code, output)

    code, output = ended(world.call(name, arguments), world.variables)
    assert code == 0, f"{output}\nIf it needs arguments, add it to CALLS in {__file__}"


@pytest.mark.parametrize(("name", "arguments"), LASTING)
@pytest.mark.parametrize("server", AWAY)
def test_what_lasts_waits_for_its_servers_and_can_be_stopped(
    name: str, arguments: Sequence[str], server: str, world: World
) -> None:
    seen = {
        "Kafka": "127.0.0.1:9",
        "MongoDB": "Trying again in 0.1 s: MongoDB: 127.0.0.1:9",
        "Redis": "Metrics at",
    }[server]
    with running(world.call(name, arguments), {**world.variables, **AWAY[server]}) as process:
        wait_until(lambda: says(process, seen), f"{name} tells of {server}", seconds=END_SECONDS)

        process.popen.terminate()
        assert process.wait(END_SECONDS) == 0, process.output()
        assert "Traceback" not in process.output()


def says(process: Process, text: str) -> bool:
    assert process.popen.poll() is None, process.output()
    return text in process.output()

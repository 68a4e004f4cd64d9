"""The project's commands, and how each is called. A new command is found by itself; if it cannot be
called without arguments, CALLS says how.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from django.apps import apps
from django.core.management import get_commands

from chat_project.settings.environment import BASE_DIR

OUR_APPS = {each.name for each in apps.get_app_configs() if Path(each.path).parent == BASE_DIR}
COMMANDS = sorted(name for name, app in get_commands().items() if app in OUR_APPS)

Call = tuple[str, Sequence[str]]
"""Name and arguments."""

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
LASTING: Sequence[Call] = [("consume_messages", []), ("index_messages", [])]
"""What waits for its servers until it is told to stop."""


def ending_calls() -> Iterator[Call]:
    for name in COMMANDS:
        for arguments in CALLS.get(name, [[]]):
            if (name, arguments) not in LASTING:
                yield name, arguments

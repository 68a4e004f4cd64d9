"""Commands that would get in their own way run once at a time (decision 0024)."""

import pytest
from django.core.management import CommandError, call_command

from chat_project.running_alone import RunsAlready, running_alone

NO_FILE = "nowhere.csv"


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("import_history", ["import_history", "--source-uri", "mongodb://nowhere.invalid"]),
        ("import_roster of t", ["import_roster", NO_FILE, "--tenant", "t"]),
    ],
    ids=["import_history", "import_roster"],
)
def test_a_second_run_ends_at_once(database: None, name: str, command: list[str]) -> None:
    with running_alone(name), pytest.raises(RunsAlready, match=f"{name} runs already"):
        call_command(*command)


def test_the_roster_of_another_school_stops_none(database: None) -> None:
    with running_alone("import_roster of other"), pytest.raises(CommandError, match="No such file"):
        call_command("import_roster", NO_FILE, "--tenant", "t")

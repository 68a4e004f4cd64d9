"""`purge_messages`, `erase_person` and `rebuild` take turns (decision 0024)."""

from typing import NoReturn

import pytest
from django.core.management import call_command

from chat_project.mongodb import collection
from chat_project.running_alone import RunsAlready
from consumers.turns import PLACE, taking_turns

CALLS = {
    "purge_messages": ["purge_messages"],
    "erase_person": ["erase_person", "--tenant", "t", "--user", "u", "--dry-run"],
    "rebuild": ["rebuild", "--into", "nowhere", "--yes"],
}


@pytest.mark.parametrize("second", CALLS)
@pytest.mark.parametrize("working", CALLS)
def test_one_works_and_the_others_say_which(database: None, working: str, second: str) -> None:
    with taking_turns(working), pytest.raises(RunsAlready, match=f"^{working} runs already"):
        call_command(*CALLS[second])


@pytest.mark.parametrize("command", CALLS)
def test_each_runs_under_its_own_name(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    def refuse(name: str) -> NoReturn:
        raise RunsAlready(name)

    monkeypatch.setattr(f"consumers.management.commands.{command}.taking_turns", refuse)

    with pytest.raises(RunsAlready, match=f"^{command}$"):
        call_command(*CALLS[command])


def test_the_place_is_given_back(database: None) -> None:
    with taking_turns("rebuild"):
        assert collection("leases").find_one({"_id": PLACE})

    assert collection("leases").find_one({"_id": PLACE}) is None

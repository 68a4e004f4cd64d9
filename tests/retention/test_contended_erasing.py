"""`erase_person` beside other writers of the school's roster."""

import pytest
from django.core.management import CommandError, call_command

from conversations.services.roster import forgetting
from tests.retention.lives import Live, MakeConversation


def test_who_meets_faster_writers_is_asked_to_run_it_again(
    live: Live, conversation: MakeConversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation(names={"user-1": "An"})
    monkeypatch.setattr(forgetting, "PASSES", 0)
    who = ("--tenant", "tenant-1", "--user", "user-1", "--by", "Mai", "--reason", "a test")

    with pytest.raises(CommandError, match="run it again: other writers") as told:
        call_command("erase_person", *who, "--yes")

    assert told.value.returncode == 1

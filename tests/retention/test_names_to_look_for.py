"""System messages name people of whom no participant and no message tells any more."""

import json

import pytest
from django.core.management import CommandError, call_command

from chat_project.mongodb import collection
from chat_project.timestamps import now
from conversations import telling
from conversations.erased import ERASED_NAME
from conversations.services import roster
from conversations.services.roster import StudentFact, StudentKey, TeacherFact, Version
from conversations.services.roster.facts import ClassKey, Fact
from conversations.values import Person
from tests.consumers.conftest import head
from tests.retention.erasures import HER, NAME, OTHER, Erasure, texts
from tests.retention.lives import MakeConversation

TOLD = [telling.joined([NAME], 1, None), telling.removed(NAME, None)]
LEFT = [telling.joined([ERASED_NAME], 1, None), telling.removed(ERASED_NAME, None)]
VERSION = Version(now(), "event-1")
OF_ROSTER: dict[str, Fact] = {
    "parent": StudentFact(
        student=StudentKey("tenant-1", "s-1"), version=VERSION, parents=(Person(HER, NAME),)
    ),
    "student": StudentFact(student=StudentKey("tenant-1", HER), version=VERSION, name=NAME),
    "teacher": TeacherFact(
        school_class=ClassKey("tenant-1", "9A"), version=VERSION, user_id=HER, user_name=NAME
    ),
}


@pytest.fixture
def room(erasure: Erasure, conversation: MakeConversation) -> str:
    """She only read in it, and was removed."""
    made = conversation(names={OTHER: "Lê Hoa"})
    for text in TOLD:
        erasure.tell(made, text)
    erasure.live.drain()
    return made


@pytest.mark.parametrize("fact", OF_ROSTER.values(), ids=OF_ROSTER.keys())
def test_the_roster_tells_her_name(erasure: Erasure, room: str, fact: Fact) -> None:
    roster.remember([fact])
    assert roster.names_of("tenant-1", HER) == {NAME}

    erasure.run()

    assert texts(room) == LEFT
    assert roster.names_of("tenant-1", HER) == {ERASED_NAME}


def test_where_nothing_tells_her_name_it_can_be_given(erasure: Erasure, room: str) -> None:
    assert erasure.run().changes == 0
    assert texts(room) == TOLD

    assert erasure.run("Another Name", NAME).changes == 2

    assert texts(room) == LEFT
    [person] = collection("erased_persons").find({"userId": HER})
    assert "names" not in person


def test_a_given_name_is_looked_for_by_a_dry_run_too(
    erasure: Erasure, room: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whose = ("--tenant", "tenant-1", "--user", HER, "--name", "Another Name", "--name", NAME)

    call_command("erase_person", *whose, "--dry-run", "--json")

    told = json.loads(capsys.readouterr().out)
    assert (told["changes"], told["conversations"]) == (2, 1)


def test_a_single_word_is_no_name_to_look_for() -> None:
    with pytest.raises(CommandError, match="--name: ' Nga': two words or more"):
        call_command("erase_person", "--tenant", "t", "--user", "u", "--name", " Nga")


def test_a_students_group_tells_what_it_was_called(
    erasure: Erasure, conversation: MakeConversation
) -> None:
    group = conversation(names={OTHER: "Lê Hoa"})
    named = {"type": "StudentGroup", "studentId": HER, "name": "Student: Trần Văn C"}
    collection("conversations").update_one({"_id": group}, {"$set": named})
    for name in ("Trần Văn B", "Trần Văn C"):
        erasure.tell(group, telling.renamed(f"Student: {name}", None))
    other = conversation(names={OTHER: "Lê Hoa"})
    erasure.tell(other, telling.renamed("Student: Đỗ Nam", None))
    erasure.tell(other, telling.left("Trần Văn B"))
    erasure.live.drain()

    erasure.run()

    neutral = f"Student: {ERASED_NAME}"
    assert texts(group) == [telling.renamed(neutral, None)] * 2
    assert head(group)["name"] == neutral
    assert texts(other) == [telling.renamed("Student: Đỗ Nam", None), telling.left(ERASED_NAME)]

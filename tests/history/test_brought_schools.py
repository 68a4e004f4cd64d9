"""What comes over of a whole school, whatever is damaged in it; a dry run tells the same."""

from uuid import uuid4

import pytest

from chat_project.mongodb import collection
from tests.history.conftest import SCHOOL, SUBTYPES, assert_sound, brought, pair_of, run, stored
from tests.history.replaced import Replaced, School


def test_only_one_school_comes_if_it_is_asked_for(replaced: Replaced) -> None:
    ours, mai, _ = pair_of(replaced)
    replaced.message(ours, mai, "x", minutes=1)
    elsewhere = replaced.conversation(str(uuid4()), [replaced.person(mai, "Mai")])
    replaced.message(elsewhere, mai, "y", minutes=1)

    outcome = brought(replaced, "--tenant", SCHOOL.upper())

    assert outcome["conversations"]["brought"] == 1
    assert outcome["notes"] == {"wrong_last_message": 1, "wrong_unread": 1}
    assert stored(elsewhere) == []
    assert collection("conversations").find_one({"_id": elsewhere}) is None


@pytest.mark.parametrize("seed", range(6))
def test_a_school_with_all_its_damage_is_sound_here(replaced: Replaced, seed: int) -> None:
    replaced.subtype = [*SUBTYPES.values()][seed % 2]
    school = School(replaced, seed)

    outcome = brought(replaced)

    assert outcome["conversations"]["brought"] == len(school.conversations)
    assert outcome["notes"]["unknown_conversation"] == len(school.unknown)
    assert outcome["notes"]["merged_pair"] == 1
    for id_ in school.conversations:
        assert {each["_id"] for each in stored(id_)} == set(school.messages[id_])
        times = [each["sentAt"] for each in stored(id_)]
        assert times == sorted(times)
    assert_sound(*school.conversations)


def test_a_dry_run_tells_the_same_and_writes_nothing(replaced: Replaced) -> None:
    school = School(replaced, 7)
    names = ("conversations", "participants", "messages", "message_search", "history_imports")
    before = {name: collection(name).estimated_document_count() for name in names}

    code, told, error = run(replaced, "--dry-run")

    assert code == 0, error
    assert told["dryRun"] is True
    assert {name: collection(name).estimated_document_count() for name in names} == before
    really = brought(replaced)
    for outcome in (told, really):
        for name in ("dryRun", "seconds", "messagesPerSecond"):
            del outcome[name]
    assert told == really
    assert really["messages"] == sum(map(len, school.messages.values()))

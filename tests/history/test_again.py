"""An import that is killed anywhere and started again ends as one that was never killed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from chat_project.mongodb import collection
from chat_project.settings.environment import environment
from consumers.history import claims, importing, reading, storing
from consumers.search import index
from conversations import services
from conversations.services import bringing
from conversations.values import Person
from tests.history.conftest import SCHOOL, assert_sound, brought, everything, pair_of, run, stored
from tests.history.replaced import Document, Replaced, School, after
from tests.processes import Process, manage, running
from tests.waiting import wait_until


class Killed(BaseException):
    """Nothing catches it, as nothing catches SIGKILL."""


STEPS: dict[str, tuple[Any, str]] = {
    "a number is claimed": (claims, "claim"),
    "messages are inserted": (storing.messages, "insert"),
    "the search is filled": (index, "add"),
    "the conversation is shown": (services, "bring_in"),
    "the cache is told": (bringing.cache, "publish"),
}


@contextmanager
def killed_at(
    monkeypatch: pytest.MonkeyPatch, step: str, call: int, *, before: bool
) -> Iterator[None]:
    """The import dies before or after the n-th call of the step."""
    module, name = STEPS[step]
    real: Callable[..., Any] = getattr(module, name)
    calls = 0

    def dying(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if before and calls >= call:
            raise Killed
        done = real(*arguments, **options)
        if calls >= call:
            raise Killed
        return done

    with monkeypatch.context() as patched:
        patched.setattr(module, name, dying)
        yield


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many steps for a few messages, one after the other."""
    monkeypatch.setattr(reading, "PAGE_MESSAGES", 7)
    monkeypatch.setattr(importing, "AT_ONCE", 1)


def forget(conversation_ids: set[str]) -> None:
    ids = {"$in": sorted(conversation_ids)}
    for name in ("conversations", "history_imports"):
        collection(name).delete_many({"_id": ids})
    for name in ("participants", "messages", "message_search"):
        collection(name).delete_many({"conversationId": ids})


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("call", [1, 4])
def test_killed_at_any_step_it_goes_on_to_the_same_end(
    replaced: Replaced,
    small_pages: None,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    call: int,
    before: bool,
) -> None:
    school = School(replaced, call)
    brought(replaced)
    wanted = everything(school.conversations)
    forget(school.conversations)

    with killed_at(monkeypatch, step, call, before=before), pytest.raises(Killed):
        run(replaced)
    brought(replaced)

    assert everything(school.conversations) == wanted
    assert_sound(*school.conversations)


def test_killed_again_and_again_it_still_comes_to_the_end(
    replaced: Replaced, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = School(replaced, 11, rooms=2)
    brought(replaced)
    wanted = everything(school.conversations)
    forget(school.conversations)

    for call in (1, 2, 3, 3, 3):
        with killed_at(monkeypatch, "messages are inserted", call, before=False):
            try:
                run(replaced)
            except Killed:
                continue
    brought(replaced)

    assert everything(school.conversations) == wanted


def test_a_second_run_changes_nothing(replaced: Replaced) -> None:
    school = School(replaced, 5)
    brought(replaced)
    before = everything(school.conversations)
    imports = list(collection("history_imports").find().sort("_id"))

    outcome = brought(replaced)

    assert everything(school.conversations) == before
    assert list(collection("history_imports").find().sort("_id")) == imports
    assert outcome["conversations"] == {
        "brought": 0,
        "there": len(school.conversations),
        "refused": 0,
        "unreadable": 0,
    }
    assert outcome["messages"] == 0


def wait_out_the_lease() -> None:
    """As 30 s after a kill."""
    collection("leases").delete_many({})


def as_process(replaced: Replaced) -> Any:
    source = {"HISTORY_MONGODB_URI": environment().mongodb_uri}
    return running(manage("import_history", "--source-database", replaced.database.name), source)


LARGE = 12_000


@pytest.fixture
def large(replaced: Replaced) -> str:
    """A conversation that takes some seconds."""
    id_, mai, dung = pair_of(replaced)
    replaced.database["messages"].insert_many(
        replaced.message_document(
            id_,
            (mai, dung)[number % 2],
            f"Tin {number}",
            minutes=number / 60,
            message_id=str(uuid4()),
        )
        for number in range(LARGE)
    )
    return id_


def count_of(conversation_id: str) -> int:
    return collection("messages").count_documents({"conversationId": conversation_id})


def kill_at(process: Process, conversation_id: str, messages: int) -> None:
    def is_there() -> bool:
        assert process.popen.poll() is None, process.output()
        return count_of(conversation_id) >= messages

    wait_until(is_there, f"{messages} messages are stored")
    process.kill()


def test_a_killed_process_is_followed_by_one_that_completes(replaced: Replaced, large: str) -> None:
    for messages in (1, LARGE // 3, LARGE // 2):
        with as_process(replaced) as process:
            kill_at(process, large, messages)
        assert collection("conversations").find_one({"_id": large}) is None, "nobody sees a part"
        wait_out_the_lease()

    with as_process(replaced) as process:
        assert process.wait(60) == 0, process.output()

    assert [each["seq"] for each in stored(large)] == list(range(1, LARGE + 1))
    assert_sound(large)


def test_a_second_import_leaves_the_first_alone(replaced: Replaced, large: str) -> None:
    school = School(replaced, 21)

    with as_process(replaced) as first:
        wait_until(lambda: count_of(large) > 0, "the first import works")
        code, _, error = run(replaced)
        assert (code, first.popen.poll()) == (75, None), first.output()
        assert "import_history runs already" in error
        assert first.wait(90) == 0, first.output()

    assert [each["seq"] for each in stored(large)] == list(range(1, LARGE + 1))
    assert_sound(large, *school.conversations)


def test_one_that_was_paused_and_works_on_beside_the_next_does_no_harm(
    replaced: Replaced, large: str
) -> None:
    """The lease ends the first one within 10 s; until then both write (decision 0024)."""
    school = School(replaced, 21)

    with as_process(replaced) as paused:
        wait_until(lambda: count_of(large) > 0, "the first import works")
        wait_out_the_lease()
        with as_process(replaced) as following:
            for each in (paused, following):
                code, told = each.wait(90), each.output()
                lost = code == 75 and "another run has taken its place" in told
                met = code == 1 and "another import works on the conversation" in told
                assert code == 0 or lost or met, told
    wait_out_the_lease()
    brought(replaced)

    assert [each["seq"] for each in stored(large)] == list(range(1, LARGE + 1))
    assert_sound(large, *school.conversations)


def test_a_source_that_changed_after_a_kill_is_brought_as_it_is_then(
    replaced: Replaced, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_, mai, _ = pair_of(replaced)
    sent = [replaced.message(id_, mai, f"{minute}", minutes=minute) for minute in range(1, 30)]
    with (
        killed_at(monkeypatch, "messages are inserted", 3, before=False),
        pytest.raises(Killed),
    ):
        run(replaced)
    early = replaced.message(id_, mai, "trước", minutes=0)
    messages = replaced.database["messages"]
    messages.delete_one({"MessageId": replaced.guid(sent[2])})
    edited = {"$set": {"Content": "sửa", "EditedAt": after(99)}}
    messages.update_one({"MessageId": replaced.guid(sent[1])}, edited)

    brought(replaced)

    found = stored(id_)
    assert [each["_id"] for each in found] == [early, *sent[:2], *sent[3:]]
    assert [each["seq"] for each in found] == list(range(1, 30))
    assert found[2]["content"] == "sửa"
    assert_sound(id_)


def test_what_was_stored_of_a_refused_conversation_is_taken_out(
    replaced: Replaced, small_pages: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_, mai, dung = pair_of(replaced)
    for minute in range(20):
        replaced.message(id_, mai, f"{minute}", minutes=minute)
    with (
        killed_at(monkeypatch, "messages are inserted", 2, before=False),
        pytest.raises(Killed),
    ):
        run(replaced)
    assert count_of(id_) == 14
    services.create_one_to_one(SCHOOL, Person(mai, "Mai"), Person(dung, "Dũng"))

    code, outcome, _ = run(replaced)

    assert (code, outcome["conversations"]["refused"]) == (1, 1)
    assert count_of(id_) == 0
    assert collection("message_search").count_documents({"conversationId": id_}) == 0


def test_a_pair_founded_while_its_history_comes_keeps_what_it_has(
    replaced: Replaced, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_, mai, dung = pair_of(replaced)
    replaced.message(id_, mai, "x", minutes=1)
    real = services.bring_in

    def too_late(*arguments: Any, **options: Any) -> bool:
        services.create_one_to_one(SCHOOL, Person(mai, "Mai"), Person(dung, "Dũng"))
        return real(*arguments, **options)

    monkeypatch.setattr(services, "bring_in", too_late)

    code, outcome, _ = run(replaced)

    assert (code, outcome["conversations"]["refused"]) == (1, 1)
    assert count_of(id_) == 0
    people: list[Document] = list(collection("participants").find({"userId": mai}))
    assert [each["role"] for each in people] == ["Member"]

"""A change that breaks off is told as far as it was committed, whatever died."""

import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest

from chat_project.mongodb import collection
from conversations import services
from conversations.services import outbox, participation
from conversations.values import Person
from messaging import outbox as publishing
from tests.conftest import Api
from tests.consumers.pipelines import Pipeline
from tests.conversations.api.conftest import shown
from tests.conversations.api.system_messages.telling import (
    let_time_pass,
    rename,
    texts,
    told,
    waiting,
)
from tests.processes import manage, running
from tests.waiting import wait_until


def test_a_list_that_breaks_off_is_told_as_far_as_it_came(
    mai: Api, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(participation, "ADDED_AT_ONCE", 2)
    insert, calls = participation.participant_document, []

    def fail_in_the_third_part(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) > 4:
            raise RuntimeError("the process dies here")
        return insert(*arguments)

    monkeypatch.setattr(participation, "participant_document", fail_in_the_third_part)
    people = [Person(f"parent-{n}", f"Phụ huynh {n}") for n in range(6)]
    with pytest.raises(RuntimeError):
        services.add_participants(room, people, None)
    monkeypatch.undo()

    rename(mai, room, "Tổ Văn")
    assert texts(room) == ["Phạm Thị Mai đã đổi tên nhóm thành Tổ Văn"], "it may still go on"
    let_time_pass()
    assert publishing.publish_left_over() == (1, 1)

    assert texts(room)[1:] == ["Phụ huynh 0, Phụ huynh 1, Phụ huynh 2 và 1 người khác đã tham gia"]
    assert collection("participants").count_documents({"conversationId": room}) == 6


@pytest.mark.parametrize(
    "change",
    [
        lambda room: services.add_participants(room, [Person("lan", "Lan")], None),
        lambda room: services.rename(room, "Tổ Văn"),
    ],
    ids=["add", "rename"],
)
def test_what_is_not_committed_is_not_told(
    room: str, monkeypatch: pytest.MonkeyPatch, change: Callable[[str], None]
) -> None:
    tell = outbox.tell

    def tell_and_die(*arguments: Any, **options: Any) -> None:
        tell(*arguments, **options)
        raise RuntimeError("the process dies here")

    with monkeypatch.context() as dying:
        dying.setattr(outbox, "tell", tell_and_die)
        with pytest.raises(RuntimeError):
            change(room)
    let_time_pass()
    publishing.publish_left_over()

    assert (waiting(room), told(room)) == (0, [])
    assert collection("participants").count_documents({"conversationId": room}) == 2


DIES_AFTER_THE_COMMIT = """
import os, signal, sys
import django
django.setup()
from conversations import services
from conversations.services import outbox
from conversations.values import Person
outbox.told.disconnect(dispatch_uid="messaging.outbox")
def die(**_):
    os.kill(os.getpid(), signal.SIGKILL)
outbox.told.connect(die)
services.add_participants(sys.argv[1], [Person("lan", "Lan")], None)
"""


def test_a_crash_between_commit_and_publishing_is_made_good_by_a_consumer(
    mai: Api, room: str
) -> None:
    script = [sys.executable, "-c", DIES_AFTER_THE_COMMIT, room]
    with running(script, {"DJANGO_SETTINGS_MODULE": "chat_project.settings.django"}) as crashing:
        assert crashing.wait() == -signal.SIGKILL, crashing.output()
    assert "lan" in {each["userId"] for each in shown(mai, room)["participants"]}
    assert (told(room), waiting(room)) == ([], 1)
    let_time_pass()

    pipeline = Pipeline()

    with pipeline.consumer() as consumer:
        stored = wait_until(
            lambda: list(collection("messages").find({"conversationId": room})), "it is stored"
        )
        assert consumer.stop() == 0

    assert [(each["content"], each["type"]) for each in stored] == [("Lan đã tham gia", "System")]
    with running(manage("reconcile", "--conversation", room), pipeline.variables) as auditor:
        assert auditor.wait() == 0, auditor.output()
    assert waiting(room) == 0

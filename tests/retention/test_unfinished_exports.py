"""An export has its name when it is whole, sealed and noted; what breaks off has none."""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from chat_project import audit_log
from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.timestamps import now
from tests.processes import Process, manage, running
from tests.retention.lives import MakeConversation
from tests.retention.test_exporting import export, refused
from tests.waiting import wait_until

WHY = ("--by", "Mai", "--reason", "a complaint")
MESSAGES = 40_000


@pytest.fixture
def large(database: None, conversation: MakeConversation) -> Iterator[str]:
    """A conversation whose export takes some seconds."""
    id_, sent_at = conversation(), now()
    said = {"conversationId": id_, "tenantId": "tenant-1", "senderId": "user-1", "type": "Text"}
    collection("messages").insert_many(
        {**said, "_id": new_id(), "seq": seq, "content": f"Tin {seq}", "sentAt": sent_at}
        for seq in range(1, MESSAGES + 1)
    )
    collection("conversations").update_one({"_id": id_}, {"$set": {"lastSeq": MESSAGES}})
    yield id_
    collection("messages").delete_many({"conversationId": id_})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "exports" / "one"


@pytest.fixture
def part(folder: Path) -> Path:
    return folder.with_name("one.part")


def to(folder: Path, conversation_id: str) -> list[str]:
    return ["export_conversation", conversation_id, "--output", str(folder), *WHY]


def exporting(folder: Path, conversation_id: str) -> AbstractContextManager[Process]:
    return running(manage(*to(folder, conversation_id)), {})


def wait_for_content(process: Process, part: Path) -> None:
    lines = part / "export.jsonl"

    def is_written() -> bool:
        assert process.popen.poll() is None, process.output()
        return lines.exists() and lines.stat().st_size > 0

    wait_until(is_written, "something is exported")


def test_one_that_is_told_to_end_leaves_nothing(large: str, folder: Path, part: Path) -> None:
    with exporting(folder, large) as process:
        wait_for_content(process, part)
        assert not folder.exists()
        assert process.stop() == 1, process.output()

        assert "not exported: it was told to end" in process.output()
    assert list(folder.parent.iterdir()) == []


def test_what_a_kill_leaves_has_not_the_name_and_the_next_says_what_to_do(
    large: str, folder: Path, part: Path
) -> None:
    with exporting(folder, large) as process:
        wait_for_content(process, part)
        process.kill()
    assert list(folder.parent.iterdir()) == [part]

    code, told = refused(*to(folder, large))

    assert code == 2
    assert f"was killed and left {part}; delete that one if no export works" in told
    assert list(folder.parent.iterdir()) == [part], "it is nobody's to delete unasked"
    shutil.rmtree(part)
    export(*to(folder, large))
    export("export_conversation", "--verify", str(folder))
    assert list(folder.parent.iterdir()) == [folder]


@pytest.fixture
def small(database: None, conversation: MakeConversation) -> str:
    return conversation(names={"user-1": "An"})


def test_it_is_noted_before_it_has_its_name(
    small: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[tuple[str, bool]] = []
    real = audit_log.note

    def note(action: str, **more: Any) -> object:
        noted.append((action, folder.exists()))
        return real(action, **more)

    monkeypatch.setattr(audit_log, "note", note)
    export(*to(folder, small))

    assert noted == [("begin to export conversation", False), ("export conversation", False)]
    assert folder.is_dir()


def test_all_of_it_is_on_the_disk_before_it_has_its_name(
    small: str, folder: Path, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = set(), set()
    real = os.fsync

    def sync(opened: int) -> None:
        path = Path(f"/proc/self/fd/{opened}").readlink()
        (after if folder.exists() else before).add(path)
        real(opened)

    monkeypatch.setattr(os, "fsync", sync)
    export(*to(folder, small))

    assert before == {part, *(part / path.name for path in folder.iterdir())}
    assert after == {folder.parent}


def test_one_that_cannot_be_noted_leaves_nothing(
    small: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = audit_log.note

    def note(action: str, **more: Any) -> object:
        if action.startswith("begin"):
            return real(action, **more)
        raise OSError("no room")

    monkeypatch.setattr(audit_log, "note", note)

    assert refused(*to(folder, small))[0] == 1
    assert list(folder.parent.iterdir()) == []


def test_an_empty_folder_gives_way(small: str, folder: Path) -> None:
    folder.mkdir(parents=True)

    export(*to(folder, small))

    assert {path.name for path in folder.iterdir()} >= {"export.jsonl", "manifest.json"}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.parent.iterdir()) == [folder]


def test_a_mount_point_cannot_give_way_and_is_refused_at_once(
    small: str, folder: Path, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir(parents=True)
    monkeypatch.setattr(Path, "is_mount", lambda path: path == folder)

    code, told = refused(*to(folder, small))

    assert (code, "name a new folder in it" in told) == (2, True)
    assert not part.exists()

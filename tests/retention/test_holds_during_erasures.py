"""`erase_person` leaves everything that is held back, also if the hold comes while it works."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.timestamps import now
from consumers.erasure import copies, erasing, notes, said
from consumers.erasure.erasing import Erased, Waiting
from consumers.tenants import Subject
from conversations.services import outbox, retention
from messaging.producer import Producer
from tests.consumers.conftest import head, stored
from tests.consumers.events import event
from tests.retention.lives import Live, MakeConversation

HER = "user-zq"
NAME = "Trần Thị Zqngà"
SAID = "zqbimat"
EVERYTHING = {"text", "file", "letter", "name", "waiting", "note"}
LATE = datetime(2999, 1, 1, tzinfo=UTC)
"""So that nobody takes it for left over."""

Erase = Callable[[], Erased]


@pytest.fixture
def erase(live: Live, monkeypatch: pytest.MonkeyPatch) -> Iterator[Erase]:
    """Beside a consumer, through this test's topic."""
    connection = live.environment.kafka_connection()
    producer = Producer(connection, live.topic, partitions=10, waiting_threads=8)
    monkeypatch.setattr(said, "producer", lambda: producer)

    def run() -> Erased:
        with live.consuming():
            return erasing.erase(
                live.environment,
                Subject("tenant-1", HER),
                by="Mai",
                reason="she asked for it",
                waiting=Waiting(live.environment.kafka_group_id, 60),
                on_conversations=lambda _: None,
            )

    yield run
    producer.close()


def send_file(room: str, folder: Path) -> None:
    """A file of hers, as an upload leaves it whose message never came."""
    attempt = new_id()
    path = folder / attempt[-2:] / attempt
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"%PDF-")
    upload = {"_id": new_id(), "tenantId": "tenant-1", "conversationId": room, "senderId": HER}
    file = {"messageId": new_id(), "fileName": "a.pdf", "fileSize": 5}
    stored_as = {"attempts": [attempt], "file": attempt, "touchedAt": now()}
    collection("attachments").insert_one({**upload, **file, **stored_as})


def send_what_becomes_a_letter(live: Live, room: str) -> None:
    live.pipeline.produce([event(room, senderId=HER, content=SAID, mentions=5)])
    live.drain()


def fill(live: Live, room: str, folder: Path) -> None:
    """EVERYTHING of hers."""
    live.pipeline.produce([event(room, senderId=HER, senderName=NAME, content=SAID)])
    send_what_becomes_a_letter(live, room)
    send_file(room, folder)
    waiting = {"_id": new_id(), "conversationId": room, "tenantId": "tenant-1", "version": 2}
    told = {"senderId": HER, "senderName": NAME, "text": f"{NAME} đã rời nhóm", "at": LATE}
    collection(outbox.COLLECTION).insert_one({**waiting, **told})
    note = {"by": "x", "action": "repair foreign", "details": {"before": stored(room)[0]}}
    collection("audit_log").insert_one(note)


def left_in(room: str) -> set[str]:
    here: dict[str, Any] = {"conversationId": room}
    note = {"details.before.conversationId": room, "details.before.content": SAID}
    found = {
        "text": collection("messages").find_one({**here, "content": SAID, "senderName": NAME}),
        "file": collection("attachments").find_one(here),
        "letter": collection("dead_letters").find_one({**here, "closedHow": None}),
        "name": collection("participants").find_one({**here, "userName": NAME}),
        "waiting": collection(outbox.COLLECTION).find_one({**here, "senderName": NAME}),
        "note": collection("audit_log").find_one(note),
    }
    return {name for name, document in found.items() if document}


@pytest.fixture
def rooms(live: Live, conversation: MakeConversation, folder: Path) -> list[str]:
    made = [conversation(names={HER: NAME, "user-2": "Lê Hoa"}) for _ in range(2)]
    for room in made:
        fill(live, room, folder)
        assert left_in(room) == EVERYTHING
    return made


def files_in(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def test_everything_stays_until_it_is_released(
    live: Live, rooms: list[str], folder: Path, erase: Erase
) -> None:
    held, free = rooms
    retention.hold(held, by="Mai", reason="a court")

    assert erase().held == [held]

    assert (left_in(held), left_in(free)) == (EVERYTHING, set())
    assert "erased" not in head(held)
    assert files_in(folder) == 1
    retention.release(held, by="Mai", reason=None)
    assert erase().held == []
    assert left_in(held) == set()
    assert files_in(folder) == 0
    report = live.audit()
    assert report.is_clean, report.findings


@pytest.mark.parametrize(
    ("module", "step", "kept"),
    [
        (erasing, "publish", EVERYTHING),
        (copies, "remove_uploads", EVERYTHING - {"text"}),
        (copies, "discard_letters", EVERYTHING - {"text", "file"}),
        (erasing, "erase_names", {"name", "waiting", "note"}),
        (notes, "blank_audit_log", {"note"}),
    ],
    ids=["texts", "files", "letters", "names", "notes"],
)
def test_a_hold_that_comes_during_the_run_keeps_the_rest(
    rooms: list[str],
    erase: Erase,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    step: str,
    kept: set[str],
) -> None:
    held, free = rooms
    done = getattr(module, step)

    def held_first(*arguments: Any, **named: Any) -> Any:
        retention.hold(held, by="Mai", reason="a court")
        return done(*arguments, **named)

    monkeypatch.setattr(module, step, held_first)

    assert erase().held == [held]

    assert (left_in(held), left_in(free)) == (kept, set())
    person = collection("erased_persons").find_one({"userId": HER}) or {}
    assert person["names"] == [NAME], "a later run finds the rest by it"


@pytest.mark.parametrize("what", ["file", "letter"])
def test_a_hold_of_what_is_all_that_there_is_of_them_is_told(
    live: Live, conversation: MakeConversation, folder: Path, erase: Erase, what: str
) -> None:
    room = conversation(names={"user-2": "Lê Hoa"})
    if what == "file":
        send_file(room, folder)
    else:
        send_what_becomes_a_letter(live, room)
    retention.hold(room, by="Mai", reason="a court")

    assert erase().held == [room]

    assert left_in(room) == {what}

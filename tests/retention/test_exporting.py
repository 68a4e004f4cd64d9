"""`export_conversation` and `export_person`: complete, escaped, sealed, and noted."""

import hashlib
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from chat_project.mongodb import collection
from consumers import tenants
from consumers.tenants import messages_in
from tests.consumers.conftest import stored
from tests.consumers.events import change, event
from tests.retention.lives import Live, MakeConversation
from tests.retention.stored_files import store_file

EVIL = '<script>alert("1")</script><img src=x onerror=alert(1)>'
WHY = ("--by", "Mai", "--reason", "a complaint")


class Room:
    """A conversation with one of everything, and another one."""

    def __init__(self, live: Live, conversation: MakeConversation, folder: Path) -> None:
        self.live = live
        self.id = conversation(names={"user-1": f"An {EVIL}", "user-2": "Bình"})
        self.other = conversation(names={"user-2": "Bình"})
        first = self.send("user-1", f"một {EVIL}")
        self.change("Edited", first, content="một, sửa")
        answer = self.send("user-2", "hai", replyToMessageId=first, replyToContent="một")
        self.change("ReactionAdded", answer, emojiCode="👍")
        self.change("Pinned", answer)
        gone = self.send("user-1", "ba, đã xóa")
        self.change("Deleted", gone)
        id_, self.file = store_file(folder, "")
        attached = [{"attachmentId": id_, "fileName": f"{EVIL}.pdf", "fileSize": 5}]
        self.attached = self.send("user-1", "tệp", type="File", attachments=attached)
        collection("attachments").update_one({"_id": id_}, {"$set": {"messageId": self.attached}})
        mention = {"userId": "user-1", "userName": "An", "startIndex": 0, "length": 3}
        body = event(
            self.other, senderId="user-2", content="@An bí mật của Bình", mentions=[mention]
        )
        read = {"userId": "user-2", "upToSeq": 2, "readAt": "2025-11-07T11:00:00Z"}
        live.pipeline.produce([body])
        live.pipeline.produce([{**change(self.id), **read}], event_type="MessagesReadEvent")
        live.drain()

    def send(self, sender: str, text: str, **more: Any) -> str:
        body = event(self.id, senderId=sender, content=text, **more)
        self.live.pipeline.produce([body])
        return str(body["messageId"])

    def change(self, kind: str, message_id: str, **more: Any) -> None:
        body = change(self.id, messageId=message_id, **more)
        self.live.pipeline.produce([body], event_type=f"Message{kind}Event")


@pytest.fixture
def room(live: Live, conversation: MakeConversation, folder: Path) -> Room:
    return Room(live, conversation, folder)


def export(*command: str) -> str:
    """Gives its standard output."""
    told = StringIO()
    call_command(*command, stdout=told)
    return told.getvalue()


def refused(*command: str) -> tuple[int, str]:
    """Exit code, and what it told on both outputs."""
    told = StringIO()
    with pytest.raises(CommandError) as error:
        call_command(*command, stdout=told)
    return error.value.returncode, f"{told.getvalue()}{error.value}"


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "export.jsonl").read_text().splitlines()]


def of_kind(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [each for each in records(folder) if each["record"] == kind]


def test_a_conversation_is_exported_whole(room: Room, tmp_path: Path) -> None:
    folder = tmp_path / "export"

    export("export_conversation", room.id, "--output", str(folder), "--files", *WHY)

    kinds = [each["record"] for each in records(folder)]
    assert kinds == ["export", "conversation", *["participant"] * 2, *["message"] * 4, "end"]
    first, answer, gone, attached = of_kind(folder, "message")
    assert [each["seq"] for each in (first, answer, gone, attached)] == [1, 2, 3, 4]
    assert first["content"] == "một, sửa"
    assert [each["content"] for each in first["history"]] == [f"một {EVIL}"]
    assert answer["replyTo"]["messageId"] == first["messageId"]
    assert answer["reactions"][0]["emojiCode"] == "👍"
    assert (answer["isPinned"], answer["pinnedBy"]) == (True, "user-1")
    assert (gone["isDeleted"], gone["content"]) == (True, "[Message deleted]")
    file = attached["attachments"][0]["file"]
    assert (folder / file).read_bytes() == b"%PDF-"
    assert file.endswith(".pdf")
    assert [each.get("readSeq") for each in of_kind(folder, "participant")] == [0, 2]
    assert of_kind(folder, "end") == [{"record": "end", "messages": 4}]


def test_files_whose_ids_are_alike_are_all_copied(
    live: Live, conversation: MakeConversation, folder: Path, tmp_path: Path
) -> None:
    room, target = conversation(names={"user-1": "An"}), tmp_path / "export"
    ids = ["a:b", "a/b", "a_b", *(f"{'x' * 100}{end}" for end in "12")]
    body = event(room, type="File", attachments=[{"attachmentId": id_} for id_ in ids])
    live.pipeline.produce([body])
    live.drain()
    for id_ in ids:
        made, path = store_file(folder, body["messageId"])
        path.write_text(id_)
        upload = collection("attachments").find_one_and_delete({"_id": made})
        collection("attachments").insert_one({**(upload or {}), "_id": id_})

    export("export_conversation", room, "--output", str(target), "--files", *WHY)

    [message] = of_kind(target, "message")
    copied = {each["attachmentId"]: each["file"] for each in message["attachments"]}
    assert {id_: (target / file).read_text() for id_, file in copied.items()} == {
        id_: id_ for id_ in ids
    }


def test_files_that_are_left_out_are_counted_and_named(room: Room, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    room.file.unlink()
    old = {"attachmentId": "old-1", "fileName": "điểm.pdf", "url": "https://old.example/1"}
    moved = room.send("user-1", "cũ", type="File", attachments=[old])
    room.live.drain()

    told = export("export_conversation", room.id, "--output", str(folder), "--files", *WHY)

    assert f"not exported: điểm.pdf (old-1) of message {moved}: only its address is known" in told
    assert "2 files were not exported" in told
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["filesLeftOut"] == 2
    assert [(each["messageId"], each["why"]) for each in manifest["leftOut"]] == [
        (room.attached, "not in the storage"),
        (moved, "only its address is known here"),
    ]
    html = (folder / "export.html").read_text()
    assert "2 files were not exported" in html
    assert f'<a href="#{moved}">{moved}</a>: only its address is known here' in html
    assert EVIL not in html
    *_, last = of_kind(folder, "message")
    assert last["attachments"][0]["fileLeftOut"] == "only its address is known here"


def test_it_is_sealed_and_noted_and_a_change_is_seen(room: Room, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    output = export("export_conversation", room.id, "--output", str(folder), "--json", *WHY)
    told = json.loads(output)

    manifest = folder / "manifest.json"
    assert told["digest"] == hashlib.sha256(manifest.read_bytes()).hexdigest()
    for name, digest in json.loads(manifest.read_text())["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    noted = list(collection("audit_log").find({"details.exportId": told["exportId"]}).sort("at", 1))
    assert [each["action"] for each in noted] == [
        "begin to export conversation",
        "export conversation",
    ]
    assert (noted[1]["by"], noted[1]["tenantId"]) == ("Mai", "tenant-1")
    assert noted[1]["details"]["digest"] == told["digest"]
    assert "một" not in str(noted)
    export("export_conversation", "--verify", str(folder))

    (folder / "added.txt").write_text("x")
    (folder / "export.html").unlink()
    with (folder / "export.jsonl").open("a") as lines:
        lines.write("{}\n")
    code, output = refused("export_conversation", "--verify", str(folder))
    assert code == 1
    assert "export.jsonl is not what was exported" in output
    assert "export.html is missing" in output
    assert "added.txt was not exported" in output
    manifest.write_text(manifest.read_text().replace("Mai", "Lan"))
    code, output = refused("export_person", "--verify", str(folder))
    assert "manifest.json is not the one that the audit log tells of" in output


def test_the_page_holds_no_markup_of_people_and_no_foreign_host(room: Room, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    export("export_conversation", room.id, "--output", str(folder), "--files", *WHY)

    page = (folder / "export.html").read_text()

    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert "http://" not in page
    assert "https://" not in page
    for told in ("một, sửa", "Before it was edited", "[Message deleted]", "👍", "End: 4 messages"):
        assert told in page


@pytest.mark.parametrize(
    ("chosen", "names"),
    [("jsonl", {"export.jsonl", "manifest.json"}), ("html", {"export.html", "manifest.json"})],
)
def test_one_form_can_be_chosen(room: Room, tmp_path: Path, chosen: str, names: set[str]) -> None:
    folder = tmp_path / "export"

    export("export_conversation", room.id, "--output", str(folder), "--format", chosen, *WHY)

    assert {path.name for path in folder.iterdir()} == names
    assert folder.stat().st_mode & 0o77 == 0


def test_a_person_is_exported_without_what_others_wrote(room: Room, tmp_path: Path) -> None:
    folder, who = tmp_path / "export", ("--tenant", "tenant-1", "--user", "user-1")

    export("export_person", *who, "--output", str(folder), "--files", *WHY)

    whole = (folder / "export.jsonl").read_text() + (folder / "export.html").read_text()
    assert "bí mật của Bình" not in whole
    assert [each["seq"] for each in of_kind(folder, "message")] == [1, 3, 4]
    [membership] = of_kind(folder, "participant")
    assert (membership["conversationId"], membership["userId"]) == (room.id, "user-1")
    [reaction] = of_kind(folder, "reaction")
    assert (reaction["seq"], reaction["emojiCode"]) == (2, "👍")
    [mention] = of_kind(folder, "mention")
    assert (mention["conversationId"], "content" in mention) == (room.other, False)
    assert len(list((folder / "files").iterdir())) == 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["export_conversation", "no-such", "--output", "{new}", *WHY], "there is no conversation"),
        (["export_conversation", "{id}", "--output", "{full}", *WHY], "not an empty folder"),
        (["export_conversation", "{id}", "--output", "{new}"], "--by, --reason"),
        (["export_conversation"], "say which conversation"),
        (["export_person", "--tenant", "tenant-1", *WHY], "say who"),
        (
            ["export_person", "--tenant", "tenant-1", "--user", "x", "--output", "{new}", *WHY],
            "nothing is kept of user x",
        ),
        (["export_conversation", "--verify", "{full}"], "no readable manifest.json"),
    ],
    ids=[
        "nothing there",
        "a full folder",
        "nobody",
        "which",
        "who",
        "nothing of them",
        "no export",
    ],
)
def test_what_cannot_be_exported_is_refused(
    room: Room, tmp_path: Path, options: list[str], told: str
) -> None:
    full, new = tmp_path / "full", tmp_path / "new"
    full.mkdir()
    (full / "mine").write_text("x")
    places = {"id": room.id, "full": str(full), "new": str(new)}

    code, output = refused(*(each.format(**places) for each in options))

    assert (code, told in output) == (2, True), output
    assert not new.exists()
    assert (full / "mine").read_text() == "x"


def test_messages_are_read_in_parts(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenants, "MESSAGES_AT_ONCE", 2)
    monkeypatch.setattr(tenants, "NUMBERS_AT_ONCE", 3)

    read = [each["seq"] for each in messages_in([room.id, "none", room.other], {})]

    assert read == [1, 2, 3, 4, 1]
    assert [each["seq"] for each in messages_in([room.id], {"type": "File"})] == [4]
    assert [each["seq"] for each in messages_in([room.id], {}, up_to=3)] == [1, 2, 3]
    assert len(stored(room.id)) == 4

"""Files that a killed import stored, and that a later one takes up again."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command

from chat_project.mongodb import collection
from chat_project.timestamps import now
from tests.history.conftest import brought, pair_of, run
from tests.history.replaced import FILE, Replaced
from tests.history.test_again import Killed, killed_at
from tests.messaging.attached import HTML, files_on_disk
from tests.messaging.conftest import files

__all__ = ["files"]


def touched_at(conversation_id: str) -> datetime:
    found = collection("attachments").find_one({"conversationId": conversation_id}) or {}
    touched: datetime = found["touchedAt"]
    return touched


def test_a_file_of_an_old_attempt_is_no_orphan_until_its_message_is_stored(
    replaced: Replaced, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = tmp_path / "copied"
    copied.mkdir()
    (copied / "a.html").write_bytes(HTML)
    id_, mai, _ = pair_of(replaced)
    file = replaced.attachment("a.html", "http://minio:9000/emis-chat-files/a.html")
    replaced.message(id_, mai, "", minutes=1, Type=FILE, Attachments=[file])

    def killed() -> None:
        """After the files, before the messages."""
        inserting = killed_at(monkeypatch, "messages are inserted", 1, before=True)
        with inserting, pytest.raises(Killed):
            run(replaced, "--files-from", str(copied))

    killed()
    kept = files_on_disk()
    assert kept
    long_ago = now() - timedelta(days=9)
    one = {"conversationId": id_}
    collection("attachments").update_one(one, {"$set": {"touchedAt": long_ago}})
    before = touched_at(id_)

    assert run(replaced, "--dry-run", "--files-from", str(copied))[0] == 0
    assert touched_at(id_) == before, "a dry run writes nothing"
    killed()
    call_command("purge_orphan_attachments")

    assert files_on_disk() == kept
    outcome = brought(replaced, "--files-from", str(copied))
    assert outcome["files"]["missing"] == 0
    assert files_on_disk() == kept

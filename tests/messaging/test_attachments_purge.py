"""`purge_orphan_attachments`: what goes, what stays, and what may happen beside it."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from chat_project.identifiers import new_id
from chat_project.mongodb import collection
from chat_project.redis import client
from chat_project.timestamps import now
from consumers import orphans
from conversations.cache import forget_record
from conversations.values import ConversationSettings
from messaging.attachments import storage, uploads
from tests.conftest import Api
from tests.conversations.conftest import PrivateRedis
from tests.messaging.attached import (
    PDF,
    body_of,
    events_of,
    files_on_disk,
    picture,
)
from tests.messaging.conftest import store_dead_letter
from tests.messaging.downloading import store
from tests.messaging.orphaned import age, no_uploads_of_other_tests, purge, sent

__all__ = ["no_uploads_of_other_tests"]

pytestmark = pytest.mark.usefixtures("files")


def id_of(message: Any) -> str:
    return str(message["attachments"][0]["attachmentId"])


def delete(message_id: str) -> None:
    """As the consumer does it."""
    gone = {"$set": {"isDeleted": True, "content": ""}, "$unset": {"attachments": ""}}
    collection("messages").update_one({"_id": message_id}, gone)


def test_a_file_whose_message_never_came_goes(mai: Api, group: ConversationSettings) -> None:
    message = sent(mai, group, picture())
    age(message)

    told = purge()

    assert told.splitlines() == [
        f"removed {id_of(message)}, {len(picture())} bytes: its message never came",
        f"removed 1 files, {len(picture())} bytes; 1: its message never came",
    ]
    assert files_on_disk() == []
    assert collection("attachments").find_one({"_id": id_of(message)}) is None
    assert mai.client.get(message["attachments"][0]["url"]).status_code == 404


def test_a_dry_run_only_tells(mai: Api, group: ConversationSettings) -> None:
    message = sent(mai, group)
    age(message)

    told = purge("--dry-run")

    assert f"would remove {id_of(message)}" in told
    assert body_of(mai.client.get(message["attachments"][0]["url"])) == PDF


def test_a_stored_messages_file_stays_however_old(mai: Api, group: ConversationSettings) -> None:
    message = sent(mai, group)
    store(group, events_of(group)[0])
    age(message, hours=50_000)

    assert purge() == "removed 0 files, 0 bytes\n"
    assert body_of(mai.client.get(message["attachments"][0]["url"])) == PDF


def test_a_deleted_messages_file_goes_at_any_age(mai: Api, group: ConversationSettings) -> None:
    message = sent(mai, group, picture())
    delete(store(group, events_of(group)[0]))

    assert "its message is deleted" in purge()
    assert files_on_disk() == []
    assert collection("attachments").find_one({"_id": id_of(message)}) is None


def test_what_may_still_come_stays(mai: Api, group: ConversationSettings) -> None:
    young = sent(mai, group)
    expected = sent(mai, group)
    age(expected)
    client().set(f"message:{expected['messageId']}:accepted", "{}", ex=60)
    buried = sent(mai, group)
    age(buried)
    store_dead_letter(buried["messageId"], "unknown_target")
    forget_record(young["messageId"])

    assert purge("--dry-run") == "would remove 0 files, 0 bytes\n"
    assert purge() == "removed 0 files, 0 bytes\n"
    assert len(files_on_disk()) == 3


def test_a_discarded_dead_letters_file_goes(mai: Api, group: ConversationSettings) -> None:
    message = sent(mai, group)
    age(message)
    store_dead_letter(message["messageId"], "unknown_target", closedHow="discarded")

    assert "its message never came" in purge()
    assert files_on_disk() == []


def test_a_file_of_a_message_that_lost_an_id_conflict_goes(
    mai: Api, group: ConversationSettings
) -> None:
    message = sent(mai, group)
    store(group, {**events_of(group)[0], "attachments": []})
    age(message)

    assert "its message never came" in purge()
    assert files_on_disk() == []


def test_the_age_is_chosen_in_whole_hours(mai: Api, group: ConversationSettings) -> None:
    message = sent(mai, group)
    age(message, hours=300)

    assert "removed 0 files" in purge("--older-than-hours", "310")
    assert "removed 1 files" in purge("--older-than-hours", "290")
    for wrong in ("0", "-1", "x", "1.5"):
        with pytest.raises(CommandError, match="a whole number from 1"):
            purge("--older-than-hours", wrong)


def test_what_an_attempt_left_that_broke_off_goes_and_the_file_stays(
    mai: Api, group: ConversationSettings
) -> None:
    message = sent(mai, group)
    store(group, events_of(group)[0])
    left = new_id()
    path = Path(files_on_disk()[0]).parent.parent / left[-2:] / left
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"half a fi")
    collection("attachments").update_one({"_id": id_of(message)}, {"$push": {"attempts": left}})
    age(message)

    assert "an attempt to store it broke off" in purge()
    assert not path.exists()
    assert body_of(mai.client.get(message["attachments"][0]["url"])) == PDF
    assert "removed 0 files" in purge()


def test_an_upload_that_was_received_and_never_stored_goes(
    mai: Api, group: ConversationSettings, files: Path
) -> None:
    sent(mai, group)
    old, young = (files / "incoming" / name for name in ("old", "young"))
    for path in (old, young):
        path.write_bytes(b"x")
    long_ago = (now() - timedelta(hours=200)).timestamp()
    os.utime(old, (long_ago, long_ago))

    assert "it was received and never stored" in purge()
    assert (old.exists(), young.exists()) == (False, True)


def test_an_upload_that_ends_while_it_is_looked_at_is_passed_over(
    mai: Api, group: ConversationSettings, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(mai, group)
    left, ended = (files / "incoming" / name for name in ("left", "ended"))
    left.write_bytes(b"x")
    os.utime(left, (0, 0))
    listed = Path.iterdir

    def with_one_that_ended(folder: Path) -> Iterator[Path]:
        yield from (ended, *listed(folder), ended)

    monkeypatch.setattr(Path, "iterdir", with_one_that_ended)

    assert "removed 1 files, 1 bytes" in purge()
    assert not left.exists()


def test_a_retry_between_judgement_and_removal_keeps_its_file(
    mai: Api, group: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = sent(mai, group, key="k")
    age(message)
    claim = uploads.claim

    def retried_just_before(*arguments: Any, **options: Any) -> Any:
        sent(mai, group, key="k")
        return claim(*arguments, **options)

    monkeypatch.setattr(orphans.uploads, "claim", retried_just_before)

    assert "removed 0 files" in purge()
    assert body_of(mai.client.get(message["attachments"][0]["url"])) == PDF


def test_a_retry_between_claim_and_removal_stores_its_file_anew(
    mai: Api, group: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = sent(mai, group, key="k")
    age(message)
    remove = storage.remove

    def retried_just_before(attempt: str) -> None:
        assert sent(mai, group, key="k")["messageId"] == message["messageId"]
        remove(attempt)

    monkeypatch.setattr(orphans.storage, "remove", retried_just_before)

    purge()
    assert body_of(mai.client.get(message["attachments"][0]["url"])) == PDF
    assert len(files_on_disk()) == 1


def test_what_broke_off_is_finished_by_the_next_run(mai: Api, group: ConversationSettings) -> None:
    sent(mai, group)
    delete(store(group, events_of(group)[0]))
    [path] = files_on_disk()
    path.unlink()
    (path / "which cannot be removed").mkdir(parents=True)
    with pytest.raises(CommandError, match="run it again"):
        purge()
    assert collection("attachments").count_documents({}) == 1

    (path / "which cannot be removed").rmdir()
    assert "removed 1 files" in purge()
    assert collection("attachments").count_documents({}) == 0


def test_without_redis_nothing_is_judged(
    mai: Api, group: ConversationSettings, private_redis: PrivateRedis
) -> None:
    age(sent(mai, group))
    private_redis.end()

    with pytest.raises(CommandError, match="Redis is away"):
        purge()
    assert len(files_on_disk()) == 1


def test_more_uploads_than_fit_into_a_batch_are_all_judged(
    mai: Api, group: ConversationSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orphans, "BATCH_SIZE", 2)
    for number in range(5):
        age(sent(mai, group, PDF + bytes([number])))

    assert "removed 5 files" in purge()
    assert files_on_disk() == []

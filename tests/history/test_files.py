"""The files of the replaced system, out of a folder or a bucket."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import boto3
import pytest
from django.core.management import call_command
from moto.server import ThreadedMotoServer

from chat_project.mongodb import collection
from chat_project.settings.environment import environment
from chat_project.timestamps import now
from consumers.history import files as history_files
from consumers.history.importing import Options, Progress, import_history
from consumers.history.report import Outcome
from consumers.history.source import Source
from tests.conftest import Api
from tests.history.conftest import SCHOOL, assert_sound, brought, history_of, pair_of, run, stored
from tests.history.replaced import FILE, IMAGE, Document, Replaced
from tests.messaging.attached import HTML, PDF, body_of, files_on_disk, picture
from tests.messaging.conftest import files

AsUser = Callable[[str, str], Api]

__all__ = ["files"]

URL = "http://minio:9000/emis-chat-files/2025/11/"


@pytest.fixture
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the replaced system's bucket."""
    copy = tmp_path_factory.mktemp("copied")
    folder = copy / "2025" / "11"
    folder.mkdir(parents=True)
    (folder / "lớp 5A.png").write_bytes(picture())
    (folder / "a.html").write_bytes(HTML)
    return copy


def with_files(replaced: Replaced, **attachments: Document) -> tuple[str, str]:
    """(conversation, Mai), with a message for each attachment."""
    id_, mai, dung = pair_of(replaced)
    for minute, attachment in enumerate(attachments.values()):
        replaced.message(
            id_,
            dung,
            "",
            minutes=minute,
            Type=IMAGE if minute == 0 else FILE,
            Attachments=[attachment],
        )
    return id_, mai


def test_files_come_from_a_folder_and_are_answered_by_signed_links(
    replaced: Replaced, copied: Path, files: Path, as_user: AsUser
) -> None:
    id_, mai = with_files(
        replaced,
        image=replaced.attachment("lớp 5A.png", URL + "l%E1%BB%9Bp%205A.png?X-Amz-Signature=1"),
        page=replaced.attachment("a.html", URL + "a.html"),
        gone=replaced.attachment("gone.pdf", URL + "gone.pdf"),
        outside=replaced.attachment("passwd", "http://minio:9000/emis-chat-files/../../etc/passwd"),
    )

    outcome = brought(replaced, "--files-from", str(copied))

    image, page, gone, outside = (
        each["attachments"][0] for each in history_of(as_user(mai, SCHOOL), id_)
    )
    assert outcome["files"] == {
        "brought": 2,
        "bytesBrought": len(picture()) + len(HTML),
        "missing": 2,
        "left": 0,
    }
    user = as_user(mai, SCHOOL)
    answer = user.client.get(image["url"])
    assert body_of(answer) == picture()
    assert answer.headers["Content-Type"] == "image/png"
    assert body_of(user.client.get(image["thumbnailUrl"]))[:2] == b"\xff\xd8"
    answer = user.client.get(page["url"])
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert body_of(answer) == HTML
    assert (gone["url"], page["thumbnailUrl"]) == (URL + "gone.pdf", None)
    assert outside["url"].endswith("etc/passwd")
    assert_sound(id_)


def test_a_second_run_stores_no_second_file(replaced: Replaced, copied: Path, files: Path) -> None:
    id_, _ = with_files(replaced, page=replaced.attachment("a.html", URL + "a.html"))
    brought(replaced, "--files-from", str(copied))
    before, on_disk = stored(id_), files_on_disk()
    collection("conversations").delete_one({"_id": id_})
    collection("participants").delete_many({"conversationId": id_})
    collection("history_imports").update_one({"_id": id_}, {"$unset": {"doneAt": ""}})

    brought(replaced, "--files-from", str(copied))

    assert stored(id_) == before
    assert files_on_disk() == on_disk


def test_files_that_came_are_no_orphans(replaced: Replaced, copied: Path, files: Path) -> None:
    with_files(replaced, page=replaced.attachment("a.html", URL + "a.html"))
    brought(replaced, "--files-from", str(copied))
    kept = files_on_disk()
    long_ago = {"$set": {"touchedAt": now() - timedelta(days=9)}}
    collection("attachments").update_many({}, long_ago)

    call_command("purge_orphan_attachments")

    assert files_on_disk() == kept


def test_a_dry_run_looks_for_files_and_stores_none(
    replaced: Replaced, copied: Path, files: Path
) -> None:
    with_files(
        replaced,
        page=replaced.attachment("a.html", URL + "a.html"),
        gone=replaced.attachment("gone.pdf", URL + "gone.pdf"),
    )

    code, outcome, _ = run(replaced, "--dry-run", "--files-from", str(copied))

    assert code == 0
    assert (outcome["files"]["brought"], outcome["files"]["missing"]) == (1, 1)
    assert files_on_disk() == []


def test_without_files_from_they_stay_where_they_are(replaced: Replaced, as_user: AsUser) -> None:
    id_, mai = with_files(replaced, page=replaced.attachment("a.html", URL + "a.html"))

    outcome = brought(replaced)

    assert outcome["files"]["left"] == outcome["notes"]["file_left"] == 1
    [message] = history_of(as_user(mai, SCHOOL), id_)
    assert message["attachments"][0]["url"] == URL + "a.html"


@pytest.fixture(scope="module")
def minio() -> Iterator[str]:
    """An S3-compatible server with the replaced system's bucket."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    address = f"http://{host}:{port}"
    bucket = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    bucket.create_bucket(Bucket="emis-chat-files")
    bucket.put_object(Bucket="emis-chat-files", Key="2025/11/a.pdf", Body=PDF)
    yield address
    running.stop()


def _unheard(_: int) -> None:
    """Progress that nobody looks at."""


def from_bucket(replaced: Replaced, address: str) -> Outcome:
    given = environment().model_copy(
        update={
            "history_files_endpoint_url": address,
            "history_files_region": "us-east-1",
            "history_files_access_key": "key",
            "history_files_secret_key": "secret",
        }
    )
    storage = history_files.file_source("s3://emis-chat-files", given)
    with closing(Source(environment().mongodb_uri, replaced.database.name)) as source:
        return import_history(source, Options(files=storage), Progress(_unheard, _unheard))


def test_files_come_from_a_bucket(
    replaced: Replaced, minio: str, files: Path, as_user: AsUser
) -> None:
    id_, mai = with_files(
        replaced,
        there=replaced.attachment("a.pdf", URL + "a.pdf"),
        gone=replaced.attachment("b.pdf", URL + "b.pdf"),
    )

    outcome = from_bucket(replaced, minio)

    assert (outcome.files.brought, outcome.files.missing) == (1, 1)
    user = as_user(mai, SCHOOL)
    there = history_of(user, id_)[0]["attachments"][0]
    assert body_of(user.client.get(there["url"])) == PDF


def test_a_bucket_that_is_away_ends_the_import_and_shows_nothing(
    replaced: Replaced, files: Path
) -> None:
    id_, _ = with_files(replaced, page=replaced.attachment("a.pdf", URL + "a.pdf"))

    with pytest.raises(history_files.FilesFail):
        from_bucket(replaced, "http://127.0.0.1:9")

    assert collection("conversations").find_one({"_id": id_}) is None

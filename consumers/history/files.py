"""The files of the replaced system, out of a folder or its bucket into the storage of attachments.

A message shows a file of ours by our address, so that links expire and a deletion counts; one that
was not found keeps the address that it had.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast
from urllib.parse import unquote, urlsplit

import msgspec
from django.core.exceptions import SuspiciousOperation
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, Storage
from django.utils.module_loading import import_string

from chat_project.mongodb import Document
from chat_project.settings.attachments import bucket_storage
from chat_project.settings.environment import Environment
from chat_project.timestamps import now
from consumers.attempts import patient_attempt
from consumers.errors import ConsumerError, Refused
from consumers.history.notes import Kind, Notes
from messaging.attachments import storage, uploads
from messaging.attachments.kinds import kind_of
from messaging.attachments.limits import LIMIT_BYTES
from messaging.attachments.links import address_of, thumbnail_address_of
from messaging.attachments.names import safe_name
from messaging.attachments.pictures import thumbnail

BUCKET = "s3://"

NOT_THERE = (FileNotFoundError, IsADirectoryError, NotADirectoryError, SuspiciousOperation)

MAX_NAME_BYTES, MAX_PART_BYTES = 1_024, 255
"""Of a key in a bucket, and of a name in a folder: nothing longer can lie in one."""


class FilesFail(ConsumerError):
    """The folder or bucket of the replaced system's files does not answer, or refuses."""


class FileCounts(msgspec.Struct, rename="camel"):
    brought: int = 0
    bytes_brought: int = 0
    missing: int = 0
    left: int = 0


class Files:
    """Of one conversation at a time. Without a source every file is left where it is."""

    def __init__(self, source: Storage | None, *, dry_run: bool) -> None:
        self._source = source
        self._dry_run = dry_run

    def bring(self, form: Document, counts: FileCounts, notes: Notes) -> None:
        """Stores the files of the message, and puts our addresses into its stored form.

        Blocks as long as both storages take. Raises FilesFail, StorageUnavailable, RetryLater.
        """
        for attachment in form.get("attachments", ()):
            told = f"the file of the attachment {attachment['attachmentId']}"
            if self._source is None:
                counts.left += 1
                notes.add(Kind.FILE_LEFT, f"{told} was not asked for", message_id=form["_id"])
                continue
            upload = self._upload(form, attachment, counts)
            if upload is None:
                counts.missing += 1
                notes.add(Kind.FILE_MISSING, f"{told} was not found", message_id=form["_id"])
                continue
            attachment["url"] = address_of(attachment["attachmentId"])
            attachment.pop("thumbnailUrl", None)
            if upload.get("hasThumbnail"):
                attachment["thumbnailUrl"] = thumbnail_address_of(attachment["attachmentId"])

    def _upload(self, form: Document, attachment: Document, counts: FileCounts) -> Document | None:
        """The upload that has this file, from an earlier attempt or made now; None: there is none.

        An id that another message's file has cannot be a file of this one, too.
        """
        stored = patient_attempt(lambda: self._kept(attachment["attachmentId"]))
        if stored is not None:
            return stored if stored["messageId"] == form["_id"] else None
        file = self._open(attachment.get("url"))
        if file is None:
            return None
        with file:
            counts.brought += 1
            counts.bytes_brought += file.size
            return {} if self._dry_run else _store(form, attachment, file)

    def _kept(self, attachment_id: str) -> Document | None:
        """What is stored; nobody removes it as an orphan before its message is stored, too."""
        return uploads.find(attachment_id) if self._dry_run else uploads.touch(attachment_id, now())

    def _open(self, url: str | None) -> "File[bytes] | None":
        for name in names_of(url or ""):
            try:
                return cast("Storage", self._source).open(name)
            except NOT_THERE:
                continue
            except OSError as error:
                raise FilesFail(f"the replaced system's files: {error}") from error
        return None


def names_of(url: str) -> Iterator[str]:
    """Under which names the file of an address may lie: without the bucket's name, and with it."""
    try:
        path = unquote(urlsplit(url).path).strip("/")
    except ValueError:  # no address at all
        return
    _, _, within_the_bucket = path.partition("/")
    yield from (name for name in (within_the_bucket, path) if _can_be_a_name(name))


def _can_be_a_name(name: str) -> bool:
    parts = (len(part.encode()) for part in name.split("/"))
    fits = len(name.encode()) <= MAX_NAME_BYTES and max(parts) <= MAX_PART_BYTES
    return bool(name) and "\0" not in name and fits


def file_source(given: str, environment: Environment) -> Storage:
    """A folder, or `s3://bucket` with the settings HISTORY_FILES_…. Raises Refused."""
    if not given.startswith(BUCKET):
        folder = Path(given)
        if not folder.is_dir():
            raise Refused(f"--files-from: there is no folder {folder}")
        return FileSystemStorage(location=folder)
    if not (environment.history_files_access_key and environment.history_files_secret_key):
        raise Refused("--files-from: set HISTORY_FILES_ACCESS_KEY and HISTORY_FILES_SECRET_KEY")
    theirs = environment.model_copy(
        update={
            "attachment_bucket": given.removeprefix(BUCKET).strip("/"),
            "attachment_bucket_endpoint_url": environment.history_files_endpoint_url,
            "attachment_bucket_region": environment.history_files_region,
            "attachment_bucket_access_key": environment.history_files_access_key,
            "attachment_bucket_secret_key": environment.history_files_secret_key,
        }
    )
    made = bucket_storage(theirs)
    opened: Storage = import_string(made["BACKEND"])(**made["OPTIONS"])
    return opened


def _store(form: Document, attachment: Document, file: "File[bytes]") -> Document:
    """What the file is, its content tells, as of any file (docs/attachments.md)."""
    content, size = cast("IO[bytes]", file), file.size
    kind = kind_of(content, size)
    is_shown = kind.message_type == "Image" and size <= LIMIT_BYTES["Image"]
    picture = thumbnail(content) if is_shown else None
    described = {
        "tenantId": form["tenantId"],
        "conversationId": form["conversationId"],
        "messageId": form["_id"],
        "senderId": form["senderId"],
        "type": kind.message_type,
        "fileName": safe_name(attachment.get("fileName") or ""),
        "fileType": kind.file_type,
        "fileSize": size,
    }
    id_ = attachment["attachmentId"]
    begun = patient_attempt(lambda: uploads.begin(id_, described, now()))
    file.seek(0)
    storage.write(begun, file, picture)
    patient_attempt(lambda: uploads.complete(id_, begun, has_thumbnail=picture is not None))
    return {"hasThumbnail": picture is not None}

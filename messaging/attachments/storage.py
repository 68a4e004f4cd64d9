"""Where files lie: the one module that reads and writes the storage `attachments` of Django's
STORAGES, a folder or a bucket (`chat_project/settings/attachments.py`).

Every attempt to store a file has a path of its own: nothing that was stored is ever written over,
and what breaks off in the middle harms nobody. Errors are StorageUnavailable.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage, storages

from messaging.attachments.errors import storage_unavailable

logger = logging.getLogger(__name__)

THUMBNAIL_SUFFIX = "-thumbnail"


def write(attempt: str, file: "File[bytes]", thumbnail: bytes | None) -> None:
    """Blocks until all is stored. A file on this disk is moved, any other one copied in chunks."""
    with _told_as_unavailable():
        if thumbnail is not None:
            _storage().save(_path(attempt) + THUMBNAIL_SUFFIX, File(BytesIO(thumbnail)))
        _storage().save(_path(attempt), file)


def read(attempt: str, *, thumbnail: bool) -> "File[bytes] | None":
    """The file, open; None if it is not there. Of a bucket's only what is read is fetched."""
    with _told_as_unavailable():
        try:
            return _storage().open(_path(attempt) + (THUMBNAIL_SUFFIX if thumbnail else ""))
        except FileNotFoundError:
            return None


def remove(attempt: str) -> None:
    """What this attempt has written, all or in part; nothing is no error."""
    with _told_as_unavailable():
        for path in (_path(attempt), _path(attempt) + THUMBNAIL_SUFFIX):
            _storage().delete(path)


def abandoned(before: datetime) -> Iterator[tuple[Path, int]]:
    """Uploads that a process of this machine received and did not live to store, with their bytes;
    without what is gone by the time it is looked at."""
    with _told_as_unavailable():
        folder = Path(settings.ATTACHMENT_INCOMING)
        for path in folder.iterdir() if folder.is_dir() else ():
            try:
                found = path.stat()
            except FileNotFoundError:  # its upload has ended
                continue
            if found.st_mtime < before.timestamp():
                yield path, found.st_size


def _path(attempt: str) -> str:
    """In folders by the last characters, which are random: 256 of them."""
    return f"{attempt[-2:]}/{attempt}"


def _storage() -> Storage:
    return storages["attachments"]


@contextmanager
def _told_as_unavailable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        logger.warning("The storage of attachments fails: %s", error)
        raise storage_unavailable() from error

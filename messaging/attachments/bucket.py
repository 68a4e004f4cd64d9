"""Files in a bucket; loaded only where ATTACHMENT_BUCKET is set, for Amazon's client is large."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from typing_extensions import override


class BucketStorage(S3Storage):  # type: ignore[misc]  # untyped
    """Reads what is asked of a file and no more. Its failures are OSErrors, as a folder's are."""

    @override
    def _open(self, name: str, mode: str = "rb") -> Any:
        with _as_os_errors():
            remote = _Object(self.bucket.Object(self._normalize_name(name)))
            return File(remote, name)  # type: ignore[arg-type]  # it has no text to read

    @override
    def _save(self, name: str, content: Any) -> Any:
        with _as_os_errors():
            return super()._save(name, content)

    @override
    def delete(self, name: str) -> None:
        with _as_os_errors():
            super().delete(name)


class _Object(io.RawIOBase):
    """An object of the bucket: one request for its size, one for what is read in a row."""

    def __init__(self, remote: Any) -> None:
        self._remote = remote
        self.size: int = remote.content_length
        self._place = 0
        self._body: Any = None

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def tell(self) -> int:
        return self._place

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}[whence]
        if start + offset != self._place:
            self._end_request()
            self._place = start + offset
        return self._place

    @override
    def readinto(self, buffer: Any) -> int:
        if self._place >= self.size:
            return 0
        with _as_os_errors():
            if self._body is None:
                self._body = self._remote.get(Range=f"bytes={self._place}-")["Body"]
            data: bytes = self._body.read(len(buffer))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    @override
    def close(self) -> None:
        self._end_request()
        super().close()

    def _end_request(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None


@contextmanager
def _as_os_errors() -> Iterator[None]:
    """Raises FileNotFoundError for what is not there."""
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        is_missing = status == HTTPStatus.NOT_FOUND and error.operation_name == "HeadObject"
        kind = FileNotFoundError if is_missing else OSError
        raise kind(f"the bucket refuses: {error}") from error
    except (BotoCoreError, Boto3Error) as error:
        raise OSError(f"the bucket is away: {error}") from error

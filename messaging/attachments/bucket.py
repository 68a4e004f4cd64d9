"""Files in a bucket; loaded only where ATTACHMENT_BUCKET is set, for Amazon's client is large."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage
from typing_extensions import override


class BucketStorage(S3Storage):  # type: ignore[misc]  # untyped
    """Its failures are OSErrors, as those of a folder are."""

    @override
    def _open(self, name: str, mode: str = "rb") -> Any:
        """Fetched at once, to a temporary file: an answer that has begun could not be taken back."""
        with _as_os_errors():
            return super()._open(name, mode).open()

    @override
    def _save(self, name: str, content: Any) -> Any:
        with _as_os_errors():
            return super()._save(name, content)

    @override
    def delete(self, name: str) -> None:
        with _as_os_errors():
            super().delete(name)


@contextmanager
def _as_os_errors() -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, Boto3Error, ClientError) as error:
        raise OSError(f"the bucket refuses or is away: {error}") from error

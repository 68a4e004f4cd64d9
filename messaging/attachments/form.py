"""Reading the multipart form of an upload: the file goes to disk as it comes, in chunks of 64 KiB."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import NamedTemporaryFile
from typing import IO, Any, cast

import msgspec
from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.request import UnreadablePostError
from typing_extensions import override

from chat_project.api.bodies import convert_plain
from chat_project.api.errors import UnsupportedMediaType
from messaging.attachments.errors import (
    TooLarge,
    malformed_form,
    storage_unavailable,
    too_large,
    wrong_file,
)
from messaging.attachments.limits import MAX_FILE_BYTES, MAX_REQUEST_BYTES
from messaging.attachments.names import NAMELESS, safe_name
from messaging.requests import AttachmentRequest

FIELD = "file"


class Form(msgspec.Struct, frozen=True):
    """What was sent: the fields, and one file that is on disk while the form is open."""

    fields: AttachmentRequest
    file: TemporaryUploadedFile
    file_name: str
    size: int

    @property
    def content(self) -> IO[bytes]:
        return cast("IO[bytes]", self.file.file)


@contextmanager
def read_form(request: HttpRequest) -> Iterator[Form]:
    """The form of a request of which nothing was read; its file is gone after the block.

    Raises UnsupportedMediaType, PayloadTooLarge (a request that says it is too large is not read),
    InvalidRequest for what is no such form or no whole one, StorageUnavailable without room.
    """
    if request.content_type != "multipart/form-data":
        raise UnsupportedMediaType("The body must be a form: Content-Type multipart/form-data")
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > MAX_REQUEST_BYTES:
        raise too_large(TooLarge.REQUEST, MAX_REQUEST_BYTES)
    handler = _OneFile(request)
    try:
        yield _parsed(request, length, handler)
    finally:
        handler.close()


def _parsed(request: HttpRequest, length: int, handler: "_OneFile") -> Form:
    body = _WholeBody(request, length)
    try:
        parser = _Parser(request.META, body, [handler], "utf-8")  # type: ignore[arg-type]  # it only reads
        given, files = parser.parse()
    except UnreadablePostError:
        raise
    except MultiPartParserError as error:
        raise malformed_form(str(error)) from error
    except OSError as error:
        raise storage_unavailable() from error
    filled_in = {name: values[-1] for name, values in given.lists() if values[-1]}
    fields = convert_plain(filled_in, AttachmentRequest)
    if not files:
        raise wrong_file(f"The form must have a file in its field {FIELD}", code="file_missing")
    if not handler.file.size:
        raise wrong_file("The file must not be empty", code="file_empty")
    return Form(fields, handler.file, handler.safe_name, handler.file.size)


class _Incoming(TemporaryUploadedFile):
    """A file in our own folder for uploads; whatever name it has, that is not used."""

    def __init__(self) -> None:
        folder = settings.ATTACHMENT_INCOMING
        os.makedirs(folder, mode=0o750, exist_ok=True)
        UploadedFile.__init__(self, NamedTemporaryFile(dir=folder), size=0)  # noqa: SIM115  # `close`


class _Parser(MultiPartParser):
    """Django leaves out a file whose name has nothing to show."""

    @override
    def sanitize_file_name(self, file_name: str) -> str:
        return super().sanitize_file_name(file_name) or NAMELESS


class _OneFile(TemporaryFileUploadHandler):
    """Takes one file in the field `file`; more, larger or other ones end the upload at once."""

    safe_name = ""

    @override
    def new_file(self, field_name: str, file_name: str, *_args: Any, **_kwargs: Any) -> None:
        if self.safe_name or field_name.lower() != FIELD:
            raise wrong_file(f"The form must have one file, in its field {FIELD}", code="one_file")
        self.file = _Incoming()
        self.safe_name = safe_name(file_name)

    @override
    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if start + len(raw_data) > MAX_FILE_BYTES:
            raise too_large(TooLarge.ATTACHMENT, MAX_FILE_BYTES)
        super().receive_data_chunk(raw_data, start)

    def close(self) -> None:
        if self.safe_name:
            self.file.close()


class _WholeBody:
    """The request's body for Django's parser, which takes one that breaks off for a whole one."""

    def __init__(self, request: IO[bytes] | HttpRequest, length: int) -> None:
        self._request = request
        self._missing = length

    def read(self, size: int) -> bytes:
        data: bytes = self._request.read(size)
        self._missing -= len(data)
        if not data and self._missing > 0:
            raise malformed_form(f"{self._missing} bytes are missing")
        return data

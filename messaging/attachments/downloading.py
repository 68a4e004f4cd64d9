"""Answering a file: only whole ones, of messages that are not deleted, and never as a page."""

import logging
from collections.abc import Iterator
from http import HTTPStatus

import msgspec
from django.core.files.base import File
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from chat_project.mongodb import majority_collection
from messaging.attachments import storage, uploads
from messaging.attachments.errors import no_such_attachment
from messaging.attachments.kinds import SHOWN_INLINE
from messaging.attachments.links import Claim
from messaging.attachments.pictures import THUMBNAIL_NAME, THUMBNAIL_TYPE
from messaging.attachments.ranges import NotSatisfiable, range_of

logger = logging.getLogger(__name__)

CACHE_SECONDS = 300
"""How long a browser may show a file without asking: after a deletion at most."""

_CHUNK_BYTES = 65_536

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Whatever it is, it runs nothing and asks nobody: a picture, a player, a file to save.
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; media-src 'self';"
    " style-src 'unsafe-inline'; sandbox",
    "Accept-Ranges": "bytes",
}


class Opened(msgspec.Struct, frozen=True):
    """A file that may be answered."""

    content: "File[bytes]"
    size: int
    file_type: str
    file_name: str
    is_shown: bool
    """In the browser; a file that is not is saved."""


def open_file(attachment_id: str, claim: Claim, *, thumbnail: bool) -> Opened:
    """The file that a link names. Two queries. Raises NotFound, StorageUnavailable."""
    upload = uploads.find(attachment_id)
    if upload is None or upload["messageId"] != claim.message_id:
        raise no_such_attachment()
    if _is_deleted(claim.message_id):
        raise no_such_attachment()
    content = storage.read(upload["file"], thumbnail=thumbnail)
    if content is None:
        logger.error("The file of attachment %s is not in the storage", attachment_id)
        raise no_such_attachment()
    file_type = THUMBNAIL_TYPE if thumbnail else upload["fileType"]
    return Opened(
        content=content,
        size=content.size,
        file_type=file_type,
        file_name=THUMBNAIL_NAME if thumbnail else upload["fileName"],
        is_shown=upload["type"] != "File" and file_type in SHOWN_INLINE,
    )


def answer_file(opened: Opened, range_header: str | None, *, seconds_left: int) -> HttpResponseBase:
    """200 with the file, 206 with a part of it, or 416."""
    try:
        part = range_of(range_header, opened.size)
    except NotSatisfiable:
        opened.content.close()
        response: HttpResponseBase = HttpResponse(
            status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            headers={"Content-Range": f"bytes */{opened.size}"},
        )
    else:
        response = _whole(opened) if part is None else _part(opened, part)
    response.headers["Cache-Control"] = f"private, max-age={min(CACHE_SECONDS, seconds_left)}"
    return response


def _whole(opened: Opened) -> FileResponse:
    """Type and name are said, or Django would guess the type by the name."""
    return FileResponse(
        opened.content,
        content_type=opened.file_type,
        filename=opened.file_name,
        as_attachment=not opened.is_shown,
        headers=_HEADERS,
    )


def _part(opened: Opened, part: range) -> StreamingHttpResponse:
    disposition = content_disposition_header(not opened.is_shown, opened.file_name)
    return StreamingHttpResponse(
        _Part(opened.content, part),
        status=HTTPStatus.PARTIAL_CONTENT,
        content_type=opened.file_type,
        headers={
            **_HEADERS,
            "Content-Disposition": disposition or "attachment",
            "Content-Length": str(len(part)),
            "Content-Range": f"bytes {part.start}-{part.stop - 1}/{opened.size}",
        },
    )


class _Part:
    """Some bytes of a file in chunks; Django closes it with the answer."""

    def __init__(self, content: "File[bytes]", part: range) -> None:
        self._content, self._part = content, part

    def __iter__(self) -> Iterator[bytes]:
        self._content.seek(self._part.start)
        missing = len(self._part)
        while missing > 0 and (chunk := self._content.read(min(_CHUNK_BYTES, missing))):
            missing -= len(chunk)
            yield chunk

    def close(self) -> None:
        self._content.close()


def _is_deleted(message_id: str) -> bool:
    """Not of one that is on its way: its sender has a link from the first answer on."""
    found = majority_collection("messages").find_one({"_id": message_id}, {"isDeleted": 1})
    return found is not None and bool(found.get("isDeleted"))

"""Django's parser of multipart forms, but that it takes a file whatever name it comes with."""

from collections.abc import Iterator
from types import FunctionType
from typing import Any

from django.http import multipartparser
from django.http.multipartparser import InterBoundaryIter, LazyStream, MultiPartParser
from typing_extensions import override

from messaging.attachments.names import NAMELESS

_django: Any = multipartparser  # the stubs do not know all of it


class FormParser(MultiPartParser):
    """Django leaves out a part whose name has nothing to show, and one whose head is not UTF-8."""

    @override
    def sanitize_file_name(self, file_name: str) -> str:
        return super().sanitize_file_name(file_name) or NAMELESS


class _Parts(_django.Parser):  # type: ignore[misc]  # of type Any, see above
    """Django's, but that a head in Latin-1, as older clients write it, is read as such."""

    def __iter__(self) -> Iterator[Any]:
        for part in InterBoundaryIter(self._stream, self._separator):
            _make_utf8(part)
            yield _django.parse_boundary_stream(part, _django.MAX_TOTAL_HEADER_SIZE)


# There is no hook for it: Django's own code, which finds this class under the name `Parser`.
FormParser._parse = FunctionType(  # type: ignore[attr-defined]  # private
    _django.MultiPartParser._parse.__code__, {**vars(multipartparser), "Parser": _Parts}
)


def _make_utf8(part: LazyStream) -> None:
    start = part.read(_django.MAX_TOTAL_HEADER_SIZE)
    head, end, content = start.partition(b"\r\n\r\n")
    part.unget((_utf8(head) if end else head) + end + content)


def _utf8(head: bytes) -> bytes:
    try:
        head.decode()
    except UnicodeDecodeError:
        return head.decode("latin-1").encode()
    return head

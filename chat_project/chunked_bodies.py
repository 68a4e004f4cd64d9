"""Bodies without a Content-Length, as .NET's PostAsJsonAsync sends them.

Django reads Content-Length bytes and no more, so a chunked body would look empty to it.
"""

from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

MAX_BYTES = 32 * 1024 * 1024
"""Read of any body, whatever comes of it; over every endpoint's own limit, which then answers 413."""
_IN_MEMORY_BYTES = 1024 * 1024
_READ_BYTES = 64 * 1024


class ChunkedBodies:
    """WSGI middleware: reads a chunked body to its end, or until it is over `MAX_BYTES`.

    Needs a server that says where the body ends (`wsgi.input_terminated`: gunicorn does).
    """

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        if not _is_chunked(environ):
            return self._application(environ, start_response)
        with SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as body:
            length = _copy(environ["wsgi.input"], body)
            body.seek(0)
            environ["wsgi.input"] = body
            environ["CONTENT_LENGTH"] = str(length)
            return self._application(environ, start_response)


def _is_chunked(environ: "WSGIEnvironment") -> bool:
    return (
        not environ.get("CONTENT_LENGTH")
        and bool(environ.get("wsgi.input_terminated"))
        and "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    )


def _copy(source: "InputStream", target: "SpooledTemporaryFile[bytes]") -> int:
    length = 0
    while length <= MAX_BYTES and (chunk := source.read(_READ_BYTES)):
        target.write(chunk)
        length += len(chunk)
    return length
